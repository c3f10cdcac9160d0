// I/O APICs and the physical interrupts that domains bind. A PIRQ of dom0 is the global interrupt number
// (GSI).
#pragma once
#include "hypervisor/arch/x86_64/acpi.h"

namespace hv {

struct Domain;

constexpr unsigned kGsiCount = 64;

void ioapic_init(const AcpiTopology& topology);
bool gsi_exists(unsigned gsi);
/// Routes `gsi` to CPU 0 and unmasks it. Level interrupts are masked from delivery until gsi_eoi().
void gsi_enable(unsigned gsi);
void gsi_disable(unsigned gsi);
void gsi_eoi(unsigned gsi);
void gsi_set_trigger(unsigned gsi, bool level, bool active_low);
u8 gsi_vector(unsigned gsi);
/// The register window as dom0 may read it; false for an unknown base.
bool ioapic_read_register(Paddr base, u32 index, u32& value);
/// The interrupt with this vector has arrived.
void gsi_arrived(u8 vector);
void ioapic_dump();

}  // namespace hv
