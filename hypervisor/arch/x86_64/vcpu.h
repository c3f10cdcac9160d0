#pragma once
#include "hypervisor/arch/x86_64/arch_vcpu.h"
#include "hypervisor/arch/x86_64/trap.h"

namespace hv {

/// Makes what a guest gave as registers safe to return to: ring 3, interrupts on, no I/O privilege.
void sanitize_registers(Registers& regs);
/// One entry of the trap table; -XEN_EINVAL for an address IRET would refuse.
int set_trap(Vcpu* vcpu, const trap_info& trap);

}  // namespace hv
