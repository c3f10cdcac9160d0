// Backtrace by frame pointers, and the end of the machine.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

/// Where the next panic's backtrace begins (an exception's frame instead of panic's own caller).
void set_backtrace_start(u64 rip, u64 rbp);
/// NMIs come from a CPU that panics: stop here.
void nmi_arrived();
/// Writes the exit port (docs/architecture.md, "Leaving"), then halts.
[[noreturn]] void machine_exit(u32 value);

}  // namespace hv
