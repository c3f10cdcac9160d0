// Protection keys (SDM vol. 2 4.1.3). Keys are a guest's own: they say less than its translations, never
// more.
//
//   guest's key k  ->  in the machine 2^18 | k         key 0: the hypervisor's, and what a guest sees of it
//   guest's 16 PKRs -> 15 of the CPU's; the last one makes the hypervisor's key valid, always
//
// PSR.pk stays as the guest has it until entry.S has loaded another one: the code that runs until then has
// key 0.
#pragma once
#include "hypervisor/arch/ia64/vtlb.h"

namespace hv {

constexpr unsigned kKeyBits = 18;  ///< of a guest's keys: what a TLB miss puts into ITIR is the RID
constexpr u64 kHypervisorKey = 0;
/// What the CPU gets for the key in a guest's ITIR.
constexpr u64 machine_key(u64 itir) { return 1ull << kKeyBits | (itir >> 8 & ((1ull << kKeyBits) - 1)); }
/// The key in an ITIR of the machine's, as the guest knows it.
constexpr u64 guest_key(u64 machine) { return machine & ((1ull << kKeyBits) - 1); }

/// This CPU's, once.
void keys_init();
/// The VCPU is about to run here, or has begun to use keys.
void keys_load(Vcpu* vcpu);
/// mov pkr. False: reserved bits, or no such register.
bool guest_set_key(Vcpu* vcpu, u64 index, u64 value);
bool guest_get_key(const Vcpu* vcpu, u64 index, u64& value);
void set_guest_keys(Vcpu* vcpu, const u64* registers);
/// A key miss of the current VCPU. True: its own PKRs have the key, and now the CPU's do.
bool keys_fill(Vcpu* vcpu, Vaddr address);

}  // namespace hv
