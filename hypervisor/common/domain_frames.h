// References on frames and domains' ownership of them. Everything here runs under mm_lock.
//
//   free --domain_alloc_frames--> ALLOCATED, 1 reference
//        --frame_get/frame_put--> mappings, tables, kept pointers: one reference each
//        --frame_drop_allocation (decrease_reservation, destruction)--> no longer ALLOCATED
//        --last frame_put--> free
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;

/// The domain whose id owns frames, nullptr for XS_OWNER_* and unknown ids. No reference is taken.
Domain* owner_domain(u32 owner);
/// Head of the list of all domains that may own frames (DomainMm::next_owner).
const Domain* first_owner();
/// What the frame table says of frames of this domain.
u32 owner_id(const Domain* domain);

/// One more reference if the frame is RAM owned by `owner` and alive.
bool frame_get(Mfn mfn, u32 owner);
void frame_put(Mfn mfn);
/// The owner's own reference goes; false when it had gone before.
bool frame_drop_allocation(Mfn mfn);

/// RAM of the domain's, no page that the hypervisor shares with it, and nothing but its allocation refers to
/// it.
bool frame_may_leave(const Domain* domain, Mfn mfn);
/// A frame with no reference but the allocation's, and in nobody's tables, goes to another domain with its
/// contents.
void frame_change_owner(Domain* from, Domain* to, Mfn mfn);
/// 2^order fresh frames for the domain. -XEN_ENOMEM: over its limit, or the machine has no such block.
int domain_alloc_frames(Domain* domain, unsigned order, unsigned address_bits, Mfn& first);
/// Sets frames aside so that the domain can grow to `pages` (0: gives up the claim). -XEN_ENOMEM,
/// -XEN_EINVAL.
int domain_claim(Domain* domain, u64 pages);
/// Frames set aside for all domains together.
u64 claimed_frames();
/// Frames already marked with the domain's id as owner enter its list.
void domain_own_frames(Domain* domain, Mfn first, unsigned order);

}  // namespace hv
