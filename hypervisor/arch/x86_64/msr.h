// What a PV kernel sees of MSRs, CR4 and debug registers.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Vcpu;

bool guest_read_msr(Vcpu* vcpu, u32 msr, u64& value);
bool guest_write_msr(Vcpu* vcpu, u32 msr, u64 value);
u64 guest_cr4(const Vcpu* vcpu);
bool set_guest_cr4(Vcpu* vcpu, u64 value);
/// 0, -XEN_EINVAL (no such register) or -XEN_EPERM (value refused). The VCPU is the current one or does not
/// run.
int set_debug_register(Vcpu* vcpu, unsigned number, u64 value);
int get_debug_register(const Vcpu* vcpu, unsigned number, u64& value);
/// Loads DR0-3, DR7 when the VCPU uses them, turns them off otherwise.
void load_debug_registers(const Vcpu* vcpu);

constexpr bool is_canonical(Vaddr address) {
  return static_cast<s64>(address << 16) >> 16 == static_cast<s64>(address);
}

}  // namespace hv
