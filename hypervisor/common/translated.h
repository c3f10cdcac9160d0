// The part of memory model `translated` that no architecture changes: domains know GFNs only, the P2M is the
// hypervisor's. How a guest's translations come to use the P2M (shadow page tables, inserted translations) is
// the architecture's: it provides the MemoryModel object, which names these functions.
//
//   domain's own frame   P2M[gfn] = mfn,  M2P[mfn] = gfn,  the allocation's reference
//   shared_info          P2M[gfn] = SHARED mfn, M2P[mfn] = gfn; without WRITABLE: a page of a PMT (pmt.h)
//   foreign frame        P2M[gfn] = FOREIGN mfn, a reference on it; M2P is its owner's
//   granted frame        the same, and GRANTED: GNTTABOP_unmap_grant_ref alone takes it away
//
// An entry's frame is let go of after the entry is gone and whatever was cached of it is dropped, in this
// order.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;
struct GrantPlace;

int translated_domain_init(Domain* domain);
Mfn translated_frame_of(const Domain* domain, u64 name);
u64 translated_name_of(const Domain* domain, Mfn mfn);
u64 translated_backing(const Domain* domain, Gfn gfn);
int translated_populate(Domain* domain, Gfn gfn, Mfn first, unsigned order);
int translated_remove(Domain* domain, Gfn gfn);
/// A page of the hypervisor's at `gfn`, with `rights` (XS_P2M_WRITABLE or none). Where it was before it is
/// not any more.
int translated_show(Domain* domain, Gfn gfn, Mfn mfn, u64 rights);
/// Takes away what was shown there without rights (`writable`: or with), if anything; what is cached of it is
/// the caller's business.
void translated_hide(Domain* domain, Gfn gfn, bool writable);
int translated_map_shared(Domain* domain, Gfn gfn, Mfn mfn);
int translated_map_foreign(Domain* domain, Gfn& gfn, Domain* owner, u64 name);
int translated_unmap(Domain* domain, Gfn gfn);
int translated_grant_map(Domain* domain, GrantPlace& place, Mfn mfn);
int translated_grant_unmap(Domain* domain, const GrantPlace& place, Mfn mfn, bool& writable);
int translated_grant_replace(Domain* domain, const GrantPlace& place, u64 from, Mfn mfn, bool& writable);
/// Where the frame was there is nothing then; `_replacing`: a fresh, empty frame is.
int translated_steal(Domain* domain, u64 name, Mfn& mfn);
int translated_steal_replacing(Domain* domain, u64 name, Mfn& mfn);
int translated_take_out(Domain* domain, u64 name, Mfn& mfn, Gfn& gfn);
void translated_put_in(Domain* domain, Gfn gfn, Mfn mfn);
int translated_accept(Domain* domain, Gfn gfn, Mfn mfn);
int translated_relinquish(Domain* domain);

}  // namespace hv
