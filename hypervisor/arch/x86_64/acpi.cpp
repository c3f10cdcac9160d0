// Source: ACPI 6.4, 5.2.12 (MADT).
#include "hypervisor/arch/x86_64/acpi.h"

#include "hypervisor/arch/x86_64/apic.h"
#include "hypervisor/arch/x86_64/paging.h"
#include "hypervisor/common/acpi.h"
#include "hypervisor/common/iommu.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/print.h"

namespace hv {
namespace {

template <typename T>
T field(const u8* entry, unsigned offset) {
  T value;
  memcpy(&value, entry + offset, sizeof(T));
  return value;
}

void read_madt(const AcpiHeader& madt, AcpiTopology& topology) {
  const u8* entry = reinterpret_cast<const u8*>(&madt + 1) + 8;  // local APIC address, flags
  const u8* end = reinterpret_cast<const u8*>(&madt) + madt.length;
  for (; entry + 2 <= end && entry[1] >= 2; entry += entry[1]) {
    const bool processor = entry[0] == 0, ioapic = entry[0] == 1;
    if (processor && (field<u32>(entry, 4) & 1) && topology.cpu_count < count_of(topology.apic_id))
      topology.apic_id[topology.cpu_count++] = entry[3];
    if (ioapic && topology.ioapic_count < count_of(topology.ioapic))
      topology.ioapic[topology.ioapic_count++] = {field<u32>(entry, 4), field<u32>(entry, 8)};
  }
}

}  // namespace

const void* arch_map_table(Paddr address, u64 bytes) { return map_device(address, bytes); }
volatile u32* arch_map_device(Paddr address) {
  return static_cast<volatile u32*>(map_device(address, kPageSize));
}

AcpiTopology acpi_read(Paddr address) {
  AcpiTopology topology;
  if (const AcpiHeader* madt = acpi_find_table(address, "APIC")) {
    topology.rsdp = address;
    read_madt(*madt, topology);
  }
  if (topology.cpu_count == 0) {
    print("no ACPI processor table: one CPU\n");
    topology.cpu_count = 1;
    topology.apic_id[0] = apic_id();
  }
  if (topology.ioapic_count == 0) topology.ioapic[topology.ioapic_count++] = {0xfec00000, 0};
  return topology;
}

}  // namespace hv
