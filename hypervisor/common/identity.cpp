#include "hypervisor/common/identity.h"

#include "hypervisor/abi/grants.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/grant_table.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/log_dirty.h"
#include "hypervisor/common/m2p.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/p2m.h"
#include "hypervisor/common/page_type.h"

namespace hv {

namespace {
constexpr unsigned kFramesPerSlice = 2048;

void put_foreign(u64 entry) {
  const Mfn mfn = p2m_entry_mfn(entry);
  if (entry & XS_P2M_WRITABLE) {
    foreign_writer_ends(mfn);
    type_put(mfn, owner_domain(frame_owner(mfn)));
  }
  frame_put(mfn);
}

/// A frame that was given up stays the domain's while somebody else uses it; the M2P says that it is there no
/// more.
bool is_here(const Domain* domain, Mfn mfn) {
  if (mfn == domain->shared_mfn) return true;
  return frame_owner(mfn) == domain->id &&
         (m2p_get(mfn) == mfn || type_of(frame_type_info(mfn)) == XS_FRAME_SHARED);
}

/// All foreign frames, in slices; false: call again.
bool release_foreign(Domain* domain, unsigned& done) {
  P2m& p2m = domain->mm.p2m;
  u64 entry;
  for (; p2m_next(p2m, p2m.relinquished, entry); done++) {
    if (done == kFramesPerSlice) return false;
    p2m_set(domain, p2m.relinquished++, 0);
    put_foreign(entry);
  }
  p2m_free(domain);
  return true;
}
}  // namespace

int identity_domain_init(Domain*) { return 0; }
Mfn identity_frame_of(const Domain*, u64 name) { return frame_is_ram(name) ? name : kInvalidMfn; }
u64 identity_name_of(const Domain*, Mfn mfn) { return mfn; }

u64 identity_backing(const Domain* domain, Gfn gfn) {
  if (!frame_is_ram(gfn)) return 0;
  if (is_here(domain, gfn)) return p2m_entry_for(gfn, XS_P2M_WRITABLE);
  if (const u64 entry = p2m_get(domain->mm.p2m, gfn); entry & XS_P2M_PRESENT) return entry;
  const MmNestedGuard guard;  // another VCPU may be unmapping
  if (grant_shows(domain, gfn, true)) return p2m_entry_for(gfn, XS_P2M_WRITABLE);
  return grant_shows(domain, gfn, false) ? p2m_entry_for(gfn, 0) : 0;
}

/// Whatever GFN was asked for, the frame has its own.
int identity_populate(Domain*, Gfn, Mfn first, unsigned order) {
  for (u64 i = 0; i < 1ull << order; i++) m2p_set(first + i, first + i);
  return 0;
}

int identity_remove(Domain* domain, Gfn gfn) {
  if (!frame_get(gfn, owner_id(domain))) return -XEN_EINVAL;
  const bool given = m2p_get(gfn) == gfn && type_of(frame_type_info(gfn)) != XS_FRAME_SHARED;
  if (given) {
    m2p_set(gfn, XS_M2P_INVALID);  // nobody makes a translation of it any more
    arch_translations_drop(domain);
    frame_drop_allocation(gfn);
  }
  frame_put(gfn);
  return given ? 0 : -XEN_EINVAL;
}

/// Its name is its number everywhere.
int identity_map_shared(Domain*, Gfn gfn, Mfn mfn) { return gfn == mfn ? 0 : -XEN_EINVAL; }

/// Once: the frame has one place. -XEN_EEXIST says that it is there already, and where.
int identity_map_foreign(Domain* domain, Gfn& gfn, Domain* owner, u64 name) {
  const Mfn mfn = owner->mm.model->frame_of(owner, name);
  if (mfn == kInvalidMfn || !frame_get(mfn, owner_id(owner))) return -XEN_EINVAL;
  gfn = mfn;
  if (p2m_get(domain->mm.p2m, mfn) & XS_P2M_PRESENT) {
    frame_put(mfn);
    return -XEN_EEXIST;
  }
  const bool writable = type_get(mfn, XS_FRAME_WRITABLE, owner) == 0;
  if (writable) foreign_writer_begins(mfn);
  const u64 entry = p2m_entry_for(mfn, XS_P2M_FOREIGN | (writable ? XS_P2M_WRITABLE : 0));
  const int rc = p2m_set(domain, mfn, entry);
  if (rc != 0) put_foreign(entry);
  return rc;
}

int identity_unmap(Domain* domain, Gfn gfn) {
  const u64 entry = p2m_get(domain->mm.p2m, gfn);
  if (!(entry & XS_P2M_PRESENT)) return -XEN_EINVAL;
  p2m_set(domain, gfn, 0);
  arch_translations_drop(domain);
  put_foreign(entry);
  return 0;
}

/// It is where it is: identity_backing() asks grant_shows().
int identity_grant_map(Domain*, GrantPlace& place, Mfn mfn) {
  if (place.flags & (GNTMAP_contains_pte | GNTMAP_application_map)) return GNTST_general_error;
  if (place.address >> kPageShift != mfn && !(place.flags & XS_GNTMAP_ADDRESS_BACK))
    return GNTST_bad_virt_addr;
  place.address = mfn << kPageShift;
  return GNTST_okay;
}

int identity_grant_unmap(Domain*, const GrantPlace& place, Mfn mfn, bool& writable) {
  writable = !(place.flags & GNTMAP_readonly);
  return place.address >> kPageShift == mfn ? GNTST_okay : GNTST_bad_virt_addr;
}

int identity_grant_replace(Domain*, const GrantPlace&, u64, Mfn, bool&) { return GNTST_general_error; }

int identity_take_out(Domain* domain, u64 name, Mfn& mfn, Gfn& gfn) {
  mfn = gfn = name;
  if (!frame_may_leave(domain, mfn)) return GNTST_bad_page;
  m2p_set(mfn, XS_M2P_INVALID);
  return GNTST_okay;
}

int identity_steal(Domain* domain, u64 name, Mfn& mfn) {
  Gfn gfn;
  const int rc = identity_take_out(domain, name, mfn, gfn);
  if (rc == GNTST_okay) arch_translations_drop(domain);
  return rc;
}

void identity_put_in(Domain*, Gfn, Mfn mfn) { m2p_set(mfn, mfn); }

int identity_accept(Domain*, Gfn, Mfn mfn) {
  m2p_set(mfn, mfn);
  return GNTST_okay;
}

int identity_relinquish(Domain* domain) {
  for (Vcpu* vcpu : domain->vcpu)
    if (vcpu != nullptr) arch_vcpu_release_frames(vcpu);
  unsigned done = 0;
  if (!release_foreign(domain, done)) return -kRestart;
  for (Mfn mfn = frame_list_first(domain->mm.frames), next; mfn != kInvalidMfn; mfn = next) {
    if (done == kFramesPerSlice) return -kRestart;
    next = frame_list_next(mfn);
    if (frame_drop_allocation(mfn)) done++;
  }
  return 0;
}

}  // namespace hv
