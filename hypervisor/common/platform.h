// The machine as a whole, per architecture.
#pragma once

namespace hv {

struct Vcpu;

enum class MachineExit { poweroff, reboot };
/// Leaves the machine (docs/architecture.md, "Leaving").
[[noreturn]] void arch_machine_exit(MachineExit how);

/// Some CPU has panicked; the others stop when they are told.
bool panicking();
/// This CPU does nothing any more.
[[noreturn]] void arch_stop();
/// Makes the other CPUs stop, whatever they do.
void arch_stop_others();
/// The caller's backtrace on the console, and out of the machine as after a panic.
[[noreturn]] void arch_end_in_panic();

/// An operator's request for this CPU's and the interrupt controllers' state.
void arch_dump_interrupts();
void arch_dump_registers(const Vcpu* vcpu);

}  // namespace hv
