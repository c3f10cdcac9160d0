// The table that the CPU walks for a VCPU, and the CPU's TLB: machine translations.
// Long format: SDM vol. 2 4.1.7, figure 4-15.
//
// Places in the table go by pages of 4 KiB, which is what all region registers prefer. A translation of
//   4 KiB    has its own
//   16 KiB   has four, one for each of its pages
//   more     has that of the page that was missed; others miss once more when the TLB has lost it. It is
//            remembered (ArchVcpu::vhpt_large), so that a purge of any of its pages finds it; where there is
//            no room for that, 4 KiB are entered.
#pragma once
#include "hypervisor/arch/ia64/vtlb.h"

namespace hv {

/// For the current VCPU, into the table and the TLB of that side.
/// `pte` names the frame of the page around `address`; the 2^shift bytes around it lie together.
void vhpt_insert(Vcpu* vcpu, Vaddr address, Side side, u64 pte, u64 key, unsigned shift);
/// Entries of [va, va + 2^shift), hashed by the current VCPU's region registers.
void vhpt_purge(Vcpu* vcpu, Vaddr va, unsigned shift);
void tlb_purge(Vaddr va, unsigned shift, bool everywhere);
/// What the table holds for an address of the current VCPU, of the page around it; 0: nothing.
u64 vhpt_find(const Vcpu* vcpu, Vaddr address);
/// With which protection key. False: nothing.
bool vhpt_find_key(const Vcpu* vcpu, Vaddr address, u64& key);

}  // namespace hv
