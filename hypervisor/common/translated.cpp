#include "hypervisor/common/translated.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/m2p.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/p2m.h"
#include "hypervisor/common/page_type.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/pmt.h"

namespace hv {

namespace {
constexpr u64 kEntriesPerSlice = 2048;
constexpr u64 kOwn = XS_P2M_WRITABLE;

// The entry goes, then what was cached of it; the frame is still referenced by whoever calls. An entry of its
// own, which no superpage holds, can always go.
int clear_entry(Domain* domain, Gfn gfn, xs_shattered cause = XS_SHATTERED_OTHER) {
  const bool kept = planted(Bug::superpage_kept) && p2m_leaf(domain->mm.p2m, gfn) == kInvalidMfn;
  if (const int rc = p2m_set(domain, gfn, 0, cause); rc != 0) return rc;
  if (!kept) arch_translations_drop(domain);
  return 0;
}

// Lets go of what an entry that is already gone referred to.
void put_entry(u64 entry) {
  const Mfn mfn = p2m_entry_mfn(entry);
  if (entry & XS_P2M_SHARED) return m2p_set(mfn, XS_M2P_INVALID);
  if (entry & XS_P2M_FOREIGN) {
    if (entry & XS_P2M_WRITABLE) {
      foreign_writer_ends(mfn);
      type_put(mfn, owner_domain(frame_owner(mfn)));
    }
    return frame_put(mfn);
  }
  m2p_set(mfn, XS_M2P_INVALID);
  frame_drop_allocation(mfn);
}

bool any_present(const Domain* domain, Gfn gfn, u64 count) {
  Gfn at = gfn;
  u64 entry;
  return p2m_next(domain->mm.p2m, at, entry) && at < gfn + count;
}

void set_m2p(Mfn first, u64 count, Gfn gfn) {
  for (u64 i = 0; i < count; i++) m2p_set(first + i, gfn == XS_M2P_INVALID ? gfn : gfn + i);
}
}  // namespace

int translated_domain_init(Domain*) { return 0; }

Mfn translated_frame_of(const Domain* domain, u64 name) {
  const u64 entry = p2m_get(domain->mm.p2m, name);
  return entry & XS_P2M_PRESENT ? p2m_entry_mfn(entry) : kInvalidMfn;
}

u64 translated_name_of(const Domain*, Mfn mfn) { return m2p_get(mfn); }

u64 translated_backing(const Domain* domain, Gfn gfn) { return p2m_get(domain->mm.p2m, gfn); }

int translated_populate(Domain* domain, Gfn gfn, Mfn first, unsigned order) {
  const u64 count = 1ull << order;
  if (gfn >= P2m::kGfns || count > P2m::kGfns - gfn || any_present(domain, gfn, count)) return -XEN_EINVAL;
  set_m2p(first, count, gfn);
  const int rc = p2m_set_run(domain, gfn, first, count, kOwn);
  if (rc == 0) return 0;
  arch_translations_drop(domain);  // another VCPU may have used what was there for a moment
  set_m2p(first, count, XS_M2P_INVALID);
  return rc;
}

int translated_remove(Domain* domain, Gfn gfn) {
  const u64 entry = p2m_get(domain->mm.p2m, gfn);
  if (!(entry & XS_P2M_PRESENT) || (entry & (XS_P2M_FOREIGN | XS_P2M_SHARED))) return -XEN_EINVAL;
  if (!planted(Bug::entry_kept))
    if (const int rc = clear_entry(domain, gfn, XS_SHATTERED_BALLOON); rc != 0) return rc;
  if (planted(Bug::frame_lost)) return m2p_set(p2m_entry_mfn(entry), XS_M2P_INVALID), 0;
  put_entry(entry);
  return 0;
}

int translated_show(Domain* domain, Gfn gfn, Mfn mfn, u64 rights) {
  if (gfn >= P2m::kGfns || any_present(domain, gfn, 1)) return -XEN_EINVAL;
  // The page has one place: it moves.
  if (const Gfn old = m2p_get(mfn); old != XS_M2P_INVALID) clear_entry(domain, old);
  if (const int rc = p2m_set(domain, gfn, p2m_entry_for(mfn, XS_P2M_SHARED | rights)); rc != 0) {
    m2p_set(mfn, XS_M2P_INVALID);
    return rc;
  }
  m2p_set(mfn, gfn);
  return 0;
}

void translated_hide(Domain* domain, Gfn gfn, bool writable) {
  const u64 entry = p2m_get(domain->mm.p2m, gfn);
  if (!(entry & XS_P2M_SHARED) || (!writable && (entry & XS_P2M_WRITABLE))) return;
  p2m_set(domain, gfn, 0);
  put_entry(entry);
}

int translated_map_shared(Domain* domain, Gfn gfn, Mfn mfn) {
  return translated_show(domain, gfn, mfn, XS_P2M_WRITABLE);
}

int translated_map_foreign(Domain* domain, Gfn& gfn, Domain* owner, u64 name) {
  if (gfn >= P2m::kGfns || any_present(domain, gfn, 1)) return -XEN_EINVAL;
  const Mfn mfn = owner->mm.model->frame_of(owner, name);
  if (mfn == kInvalidMfn || !frame_get(mfn, owner_id(owner))) return -XEN_EINVAL;
  // A frame that is a page table or descriptor page of a model with such types can be looked at only.
  const bool writable = type_get(mfn, XS_FRAME_WRITABLE, owner) == 0;
  if (writable) foreign_writer_begins(mfn);
  const u64 entry = p2m_entry_for(mfn, XS_P2M_FOREIGN | (writable ? XS_P2M_WRITABLE : 0));
  const int rc = p2m_set(domain, gfn, entry);
  if (rc != 0) put_entry(entry);
  return rc;
}

int translated_unmap(Domain* domain, Gfn gfn) {
  const u64 entry = p2m_get(domain->mm.p2m, gfn);
  if (!(entry & XS_P2M_PRESENT) || !(entry & (XS_P2M_FOREIGN | XS_P2M_SHARED)) || (entry & XS_P2M_GRANTED))
    return -XEN_EINVAL;
  clear_entry(domain, gfn);
  put_entry(entry);
  return 0;
}

int translated_relinquish(Domain* domain) {
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu != nullptr) arch_vcpu_release_frames(vcpu);
  pmt_end(domain);
  P2m& p2m = domain->mm.p2m;
  u64 entry;
  for (u64 done = 0; p2m_next(p2m, p2m.relinquished, entry);) {
    if (done >= kEntriesPerSlice) return -kRestart;
    const u64 count = p2m_clear(domain, p2m.relinquished);
    for (u64 i = 0; i < count; i++) put_entry(entry + (i << XS_P2M_MFN_SHIFT));
    p2m.relinquished += count;
    done += count;
  }
  p2m_free(domain);
  return 0;
}

}  // namespace hv
