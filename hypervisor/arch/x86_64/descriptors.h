// GDT pages, TSS and IDT.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Vcpu;

/// Loads this CPU's GDT (its descriptor window), TSS, IDT and SYSCALL registers.
void descriptors_cpu_init(unsigned cpu);
/// Exceptions from ring 3 and SYSCALL on this CPU push into this VCPU's registers from now on.
void set_entry_frame(unsigned cpu, Vcpu* vcpu);

}  // namespace hv
