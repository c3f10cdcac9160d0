#include "hypervisor/common/translated.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/m2p.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/p2m.h"
#include "hypervisor/common/page_type.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/pmt.h"

namespace hv {

namespace {
constexpr unsigned kEntriesPerSlice = 2048;
constexpr u64 kOwn = XS_P2M_WRITABLE;

// The entry goes, then what was cached of it; the frame is still referenced by whoever calls.
void clear_entry(Domain* domain, Gfn gfn) {
  p2m_set(domain, gfn, 0);  // its page exists: this cannot fail
  arch_translations_drop(domain);
}

// Lets go of what an entry that is already gone referred to.
void put_entry(u64 entry) {
  const Mfn mfn = p2m_entry_mfn(entry);
  if (entry & XS_P2M_SHARED) return m2p_set(mfn, XS_M2P_INVALID);
  if (entry & XS_P2M_FOREIGN) {
    if (entry & XS_P2M_WRITABLE) type_put(mfn, owner_domain(frame_owner(mfn)));
    return frame_put(mfn);
  }
  m2p_set(mfn, XS_M2P_INVALID);
  frame_drop_allocation(mfn);
}

bool any_present(const Domain* domain, Gfn gfn, u64 count) {
  for (u64 i = 0; i < count; i++)
    if (p2m_get(domain->mm.p2m, gfn + i) & XS_P2M_PRESENT) return true;
  return false;
}
}  // namespace

int translated_domain_init(Domain*) { return 0; }

Mfn translated_frame_of(const Domain* domain, u64 name) {
  const u64 entry = p2m_get(domain->mm.p2m, name);
  return entry & XS_P2M_PRESENT ? p2m_entry_mfn(entry) : kInvalidMfn;
}

u64 translated_name_of(const Domain*, Mfn mfn) { return m2p_get(mfn); }

int translated_populate(Domain* domain, Gfn gfn, Mfn first, unsigned order) {
  const u64 count = 1ull << order;
  if (gfn >= P2m::kGfns || count > P2m::kGfns - gfn || any_present(domain, gfn, count)) return -XEN_EINVAL;
  for (u64 i = 0; i < count; i++) {
    if (const int rc = p2m_set(domain, gfn + i, p2m_entry_for(first + i, kOwn)); rc != 0) {
      while (i-- > 0) p2m_set(domain, gfn + i, 0), m2p_set(first + i, XS_M2P_INVALID);
      return rc;
    }
    m2p_set(first + i, gfn + i);
  }
  return 0;
}

int translated_remove(Domain* domain, Gfn gfn) {
  const u64 entry = p2m_get(domain->mm.p2m, gfn);
  if (!(entry & XS_P2M_PRESENT) || (entry & (XS_P2M_FOREIGN | XS_P2M_SHARED))) return -XEN_EINVAL;
  if (!planted(Bug::entry_kept)) clear_entry(domain, gfn);
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

int translated_map_foreign(Domain* domain, Gfn gfn, Domain* owner, u64 name) {
  if (gfn >= P2m::kGfns || any_present(domain, gfn, 1)) return -XEN_EINVAL;
  const Mfn mfn = owner->mm.model->frame_of(owner, name);
  if (mfn == kInvalidMfn || !frame_get(mfn, owner_id(owner))) return -XEN_EINVAL;
  // A frame that is a page table or descriptor page of a model with such types can be looked at only.
  const bool writable = type_get(mfn, XS_FRAME_WRITABLE, owner) == 0;
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
  for (unsigned done = 0; p2m_next(p2m, p2m.relinquished, entry); done++) {
    if (done == kEntriesPerSlice) return -kRestart;
    p2m_set(domain, p2m.relinquished++, 0);
    put_entry(entry);
  }
  p2m_free(domain);
  return 0;
}

}  // namespace hv
