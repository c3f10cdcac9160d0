// Model `direct`: granted frames in the guest's page tables, and frames that leave by a transfer.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;
struct GrantPlace;

int direct_grant_map(Domain* domain, GrantPlace& place, Mfn mfn);
int direct_grant_unmap(Domain* domain, const GrantPlace& place, Mfn mfn, bool& writable);
int direct_grant_replace(Domain* domain, const GrantPlace& place, u64 from, Mfn mfn, bool& writable);
void direct_grant_flush(Domain* domain);
int direct_steal(Domain* domain, u64 name, Mfn& mfn);
int direct_accept(Domain* domain, Gfn gfn, Mfn mfn);
int direct_take_out(Domain* domain, u64 name, Mfn& mfn, Gfn& gfn);
void direct_put_in(Domain* domain, Gfn gfn, Mfn mfn);

}  // namespace hv
