// Memory model `identity`, as far as no architecture changes it: a guest frame number is a machine frame
// number, and ownership is all there is to check.
//
//   domain's own frame   M2P[mfn] = mfn, the allocation's reference; no entry anywhere
//   foreign frame        P2M[mfn] = FOREIGN mfn, a reference on it: the domain has a P2M of these alone
//   granted frame        nothing: the grant says where it is, and holds the references
//
// Nothing can be placed: where a model with a P2M takes an address, this one answers with it.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;
struct GrantPlace;

int identity_domain_init(Domain* domain);
Mfn identity_frame_of(const Domain* domain, u64 name);
u64 identity_name_of(const Domain* domain, Mfn mfn);
/// By whatever right: its own, foreign, granted.
u64 identity_backing(const Domain* domain, Gfn gfn);
int identity_populate(Domain* domain, Gfn gfn, Mfn first, unsigned order);
int identity_remove(Domain* domain, Gfn gfn);
int identity_map_shared(Domain* domain, Gfn gfn, Mfn mfn);
int identity_map_foreign(Domain* domain, Gfn& gfn, Domain* owner, u64 name);
int identity_unmap(Domain* domain, Gfn gfn);
int identity_grant_map(Domain* domain, GrantPlace& place, Mfn mfn);
int identity_grant_unmap(Domain* domain, const GrantPlace& place, Mfn mfn, bool& writable);
int identity_grant_replace(Domain* domain, const GrantPlace& place, u64 from, Mfn mfn, bool& writable);
int identity_steal(Domain* domain, u64 name, Mfn& mfn);
int identity_accept(Domain* domain, Gfn gfn, Mfn mfn);
int identity_take_out(Domain* domain, u64 name, Mfn& mfn, Gfn& gfn);
void identity_put_in(Domain* domain, Gfn gfn, Mfn mfn);
int identity_relinquish(Domain* domain);

}  // namespace hv
