// The ACPI tables of the machine, as QEMU's microvm has them: hardware-reduced, and only devices in the DSDT
// that a kernel cannot guess.
//
//     RSDP --> XSDT --> FADT --> DSDT (COM1, RTC, GED, virtio-mmio devices, \_S5)
//                  `--> MADT (local APICs, two I/O APICs, NMI on LINT1)
#pragma once
#include <string>
#include <vector>

#include "sim/core/types.h"

namespace xs::platform {

struct AcpiMachine {
  unsigned cpus = 1;
  std::vector<unsigned> virtio_slots;  ///< occupied ones
};

struct AcpiTables {
  std::string tables;  ///< to be placed at `base`
  std::string rsdp;    ///< 36 bytes, to be placed on a 16-byte boundary
};

AcpiTables build_acpi(u64 base, const AcpiMachine& machine);

}  // namespace xs::platform
