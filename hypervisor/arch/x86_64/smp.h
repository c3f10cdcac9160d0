#pragma once
#include "hypervisor/arch/x86_64/acpi.h"

namespace hv {

/// Starts up to `limit` CPUs in all (this one included) and waits for each.
void smp_start(const AcpiTopology& topology, unsigned limit);
/// Lets the other CPUs schedule.
void smp_release();

}  // namespace hv
