// The table that the CPU walks for a VCPU, and the CPU's TLB: machine translations of 4 KiB.
// Long format: SDM vol. 2 4.1.7, figure 4-15.
#pragma once
#include "hypervisor/arch/ia64/vtlb.h"

namespace hv {

/// For the current VCPU, into the table and the TLB of that side.
void vhpt_insert(Vcpu* vcpu, Vaddr address, Side side, u64 pte, u64 key);
/// Entries of [va, va + 2^shift), hashed by the current VCPU's region registers.
void vhpt_purge(Vcpu* vcpu, Vaddr va, unsigned shift);
void tlb_purge(Vaddr va, unsigned shift, bool everywhere);
/// What the table holds for an address of the current VCPU; 0: nothing.
u64 vhpt_find(const Vcpu* vcpu, Vaddr address);
/// With which protection key. False: nothing.
bool vhpt_find_key(const Vcpu* vcpu, Vaddr address, u64& key);

}  // namespace hv
