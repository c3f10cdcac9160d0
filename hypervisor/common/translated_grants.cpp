// Model `translated`: granted frames in the P2M, and frames that leave or enter it by a transfer.
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/grant_table.h"
#include "hypervisor/common/heap.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/m2p.h"
#include "hypervisor/common/p2m.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/translated.h"

namespace hv {

namespace {
constexpr u64 kOwn = XS_P2M_WRITABLE;

bool is_own(u64 entry) { return (entry & XS_P2M_PRESENT) && !(entry & (XS_P2M_FOREIGN | XS_P2M_SHARED)); }

// As this mapping made it: another one of the same frame may have other rights, and ends by itself.
bool shows_grant(u64 entry, const GrantPlace& place, Mfn mfn) {
  const bool writable = entry & XS_P2M_WRITABLE, made_writable = !(place.flags & GNTMAP_readonly);
  return (entry & XS_P2M_PRESENT) && (entry & XS_P2M_GRANTED) && p2m_entry_mfn(entry) == mfn &&
         writable == made_writable;
}

// The domain's own frame at `name`, if nothing but its allocation refers to it, has an entry of its own from
// here on.
bool may_leave(Domain* domain, u64 name, Mfn& mfn) {
  const u64 entry = p2m_get(domain->mm.p2m, name);
  mfn = p2m_entry_mfn(entry);
  return is_own(entry) && frame_count_info(mfn) == (XS_COUNT_ALLOCATED | 1) &&
         p2m_shatter(domain, name, XS_SHATTERED_FLIP) == 0;
}

void replace_entry(Domain* domain, Gfn gfn, Mfn mfn, u64 instead) {
  p2m_set(domain, gfn, instead);  // its page exists: this cannot fail
  arch_translations_drop(domain);
  m2p_set(mfn, XS_M2P_INVALID);
}
}  // namespace

int translated_grant_map(Domain* domain, GrantPlace& place, Mfn mfn) {
  const Gfn gfn = place.address >> kPageShift;
  if (place.flags & (GNTMAP_contains_pte | GNTMAP_application_map)) return GNTST_general_error;
  if (gfn >= P2m::kGfns || (p2m_get(domain->mm.p2m, gfn) & XS_P2M_PRESENT)) return GNTST_bad_virt_addr;
  const u64 rights = place.flags & GNTMAP_readonly ? 0 : XS_P2M_WRITABLE;
  const int rc = p2m_set(domain, gfn, p2m_entry_for(mfn, XS_P2M_FOREIGN | XS_P2M_GRANTED | rights));
  if (rc == 0 && rights != 0) foreign_writer_begins(mfn);
  return rc == 0 ? GNTST_okay : GNTST_no_space;
}

int translated_grant_unmap(Domain* domain, const GrantPlace& place, Mfn mfn, bool& writable) {
  const Gfn gfn = place.address >> kPageShift;
  const u64 entry = p2m_get(domain->mm.p2m, gfn);
  if (!shows_grant(entry, place, mfn)) return GNTST_general_error;
  writable = entry & XS_P2M_WRITABLE;
  if (planted(Bug::grant_entry_kept)) return GNTST_okay;
  p2m_set(domain, gfn, 0);
  if (writable) foreign_writer_ends(mfn);
  return GNTST_okay;
}

int translated_grant_replace(Domain* domain, const GrantPlace& place, u64 from, Mfn mfn, bool& writable) {
  const Gfn gfn = place.address >> kPageShift, other = from >> kPageShift;
  const u64 entry = p2m_get(domain->mm.p2m, gfn), replacement = p2m_get(domain->mm.p2m, other);
  if (!shows_grant(entry, place, mfn) || !is_own(replacement)) return GNTST_general_error;
  if (p2m_shatter(domain, other, XS_SHATTERED_GRANT) != 0) return GNTST_no_space;
  writable = entry & XS_P2M_WRITABLE;
  if (writable) foreign_writer_ends(mfn);
  p2m_set(domain, other, 0);
  p2m_set(domain, gfn, replacement);
  m2p_set(p2m_entry_mfn(replacement), gfn);
  return GNTST_okay;
}

int translated_steal(Domain* domain, u64 name, Mfn& mfn) {
  if (!may_leave(domain, name, mfn)) return GNTST_bad_page;
  replace_entry(domain, name, mfn, 0);
  return GNTST_okay;
}

int translated_steal_replacing(Domain* domain, u64 name, Mfn& mfn) {
  if (!may_leave(domain, name, mfn)) return GNTST_bad_page;
  const Mfn fresh = heap_alloc(0, owner_id(domain));
  if (fresh == kInvalidMfn) return GNTST_bad_page;
  domain_own_frames(domain, fresh, 0);  // over the limit until the other one has left
  m2p_set(fresh, name);
  replace_entry(domain, name, mfn, p2m_entry_for(fresh, kOwn));
  return GNTST_okay;
}

int translated_take_out(Domain* domain, u64 name, Mfn& mfn, Gfn& gfn) {
  if (!may_leave(domain, name, mfn)) return GNTST_bad_page;
  gfn = name;
  p2m_set(domain, gfn, 0);  // shattered, so that this cannot fail
  m2p_set(mfn, XS_M2P_INVALID);
  return GNTST_okay;
}

void translated_put_in(Domain* domain, Gfn gfn, Mfn mfn) {
  p2m_set(domain, gfn, p2m_entry_for(mfn, kOwn));  // its page exists, as before
  m2p_set(mfn, gfn);
}

int translated_accept(Domain* domain, Gfn gfn, Mfn mfn) {
  return translated_populate(domain, gfn, mfn, 0) == 0 ? GNTST_okay : GNTST_general_error;
}

}  // namespace hv
