#include "hypervisor/arch/ia64/keys.h"

#include "hypervisor/arch/ia64/cpu.h"
#include "hypervisor/arch/ia64/vhpt.h"
#include "hypervisor/common/domain.h"

namespace hv {
namespace {

// A PKR: valid, write, read, execute denied; key (SDM vol. 2 figure 4-3).
constexpr u64 kValid = 1, kDenied = 7ull << 1;
constexpr unsigned kKeyShift = 8, kMachinePkrs = kGuestPkrs;  // what every CPU has
constexpr u64 kGuestPkrMask = kValid | kDenied | ((1ull << kKeyBits) - 1) << kKeyShift;

void write_pkr(u64 index, u64 value) { asm volatile("mov pkr[%0] = %1" ::"r"(index), "r"(value) : "memory"); }

u64 machine_pkr(u64 guest) {
  return guest & kValid ? (guest & (kValid | kDenied)) | machine_key(guest) << kKeyShift : 0;
}

bool same_key(u64 a, u64 b) { return ((a ^ b) & kGuestPkrMask & ~(kValid | kDenied)) == 0; }

}  // namespace

void keys_init() {
  for (u64 n = 0; n + 1 < kMachinePkrs; ++n) write_pkr(n, 0);
  write_pkr(kMachinePkrs - 1, kValid | kHypervisorKey << kKeyShift);
  serialize_fetches();
}

void keys_load(Vcpu* vcpu) {
  const ArchVcpu& arch = vcpu->arch;
  if (!arch.keys_used) return;
  for (u64 n = 0; n + 1 < kMachinePkrs; ++n)
    write_pkr(n, machine_pkr(arch.pkr[n < arch.pkr_left_out ? n : n + 1]));
  serialize_fetches();
}

// A valid key in a second register ends the first one's (SDM vol. 2 4.1.3).
bool guest_set_key(Vcpu* vcpu, u64 index, u64 value) {
  if (index >= kGuestPkrs || value & ~kGuestPkrMask) return false;
  ArchVcpu& arch = vcpu->arch;
  for (u64& pkr : arch.pkr)
    if (value & pkr & kValid && same_key(pkr, value)) pkr &= ~kValid;
  arch.pkr[index] = value;
  arch.keys_used = true;
  keys_load(vcpu);
  return true;
}

bool guest_get_key(const Vcpu* vcpu, u64 index, u64& value) {
  if (index >= kGuestPkrs) return false;
  value = vcpu->arch.pkr[index];
  return true;
}

void set_guest_keys(Vcpu* vcpu, const u64* registers) {
  for (u64 n = 0; n < kGuestPkrs; ++n) {
    vcpu->arch.pkr[n] = registers[n] & kGuestPkrMask;
    if (registers[n] & kValid) vcpu->arch.keys_used = true;
  }
}

// The one that the CPU has no room for changes its place with the next one at each miss, so that code, data
// and stack find room together.
bool keys_fill(Vcpu* vcpu, Vaddr address) {
  ArchVcpu& arch = vcpu->arch;
  const u64 left_out = arch.pkr[arch.pkr_left_out];
  if (!(left_out & kValid)) return false;
  u64 key;
  if (!vhpt_find_key(vcpu, address, key)) {
    // In the TLB alone: from where it comes back by way of the table.
    tlb_purge(address & ~(kPageSize - 1), kPageShift, false);
    return true;
  }
  if (machine_key(left_out) != key) return false;
  arch.pkr_left_out = static_cast<u8>((arch.pkr_left_out + 1) % kGuestPkrs);
  keys_load(vcpu);
  return true;
}

}  // namespace hv
