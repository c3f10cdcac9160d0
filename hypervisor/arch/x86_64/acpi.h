#pragma once
#include "hypervisor/common/types.h"

namespace hv {

/// What the MADT says of processors and interrupt controllers.
struct AcpiTopology {
  unsigned cpu_count = 0;
  u32 apic_id[16];
  unsigned ioapic_count = 0;
  struct {
    Paddr address;
    u32 first_gsi;
  } ioapic[4];
  Paddr rsdp = 0;
};

/// Reads the tables; without any (rsdp 0, or broken) one CPU and one I/O APIC at the customary address are
/// assumed.
AcpiTopology acpi_read(Paddr rsdp);

}  // namespace hv
