#pragma once
#include "hypervisor/arch/x86_64/acpi.h"

namespace hv {

/// Starts up to `limit` CPUs in all (this one included) and waits for each. They idle at once.
void smp_start(const AcpiTopology& topology, unsigned limit);
}  // namespace hv
