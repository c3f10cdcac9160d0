// The machine as a whole, per architecture.
#pragma once

namespace hv {

struct Vcpu;

enum class MachineExit { poweroff, reboot };
/// Leaves the machine (docs/architecture.md, "Leaving").
[[noreturn]] void arch_machine_exit(MachineExit how);

/// An operator's request for this CPU's and the interrupt controllers' state.
void arch_dump_interrupts();
void arch_dump_registers(const Vcpu* vcpu);

}  // namespace hv
