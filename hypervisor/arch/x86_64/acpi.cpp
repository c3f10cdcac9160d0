// Source: ACPI 6.4, 5.2.5 (RSDP), 5.2.7/5.2.8 (RSDT, XSDT), 5.2.12 (MADT).
#include "hypervisor/arch/x86_64/acpi.h"

#include "hypervisor/arch/x86_64/apic.h"
#include "hypervisor/arch/x86_64/paging.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/print.h"

namespace hv {
namespace {

struct [[gnu::packed]] Rsdp {
  char signature[8];
  u8 checksum;
  char oem[6];
  u8 revision;
  u32 rsdt;
  u32 length;
  u64 xsdt;
};

struct [[gnu::packed]] Header {
  char signature[4];
  u32 length;
  u8 revision, checksum;
  char oem[6], oem_table[8];
  u32 oem_revision, creator, creator_revision;
};

/// A whole table, mapped; nullptr when it makes no sense.
const Header* map_table(Paddr address) {
  if (address == 0 || address >= (1ull << 32)) return nullptr;
  const auto* header = static_cast<const Header*>(map_device(address, sizeof(Header)));
  if (header->length < sizeof(Header) || header->length > (1u << 20)) return nullptr;
  return static_cast<const Header*>(map_device(address, header->length));
}

const Header* find_madt(const Rsdp& rsdp) {
  const bool wide = rsdp.revision >= 2 && rsdp.xsdt;
  const Header* root = map_table(wide ? rsdp.xsdt : rsdp.rsdt);
  if (!root) return nullptr;
  const u8* entry = reinterpret_cast<const u8*>(root + 1);
  const u8* end = reinterpret_cast<const u8*>(root) + root->length;
  for (const u64 size = wide ? 8 : 4; entry + size <= end; entry += size) {
    u64 address = 0;
    memcpy(&address, entry, size);
    const Header* table = map_table(address);
    if (table && memcmp(table->signature, "APIC", 4) == 0) return table;
  }
  return nullptr;
}

template <typename T>
T field(const u8* entry, unsigned offset) {
  T value;
  memcpy(&value, entry + offset, sizeof(T));
  return value;
}

void read_madt(const Header& madt, AcpiTopology& topology) {
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

AcpiTopology acpi_read(Paddr address) {
  AcpiTopology topology;
  if (address && address < (1ull << 32)) {
    const auto* rsdp = static_cast<const Rsdp*>(map_device(address, sizeof(Rsdp)));
    const Header* madt = memcmp(rsdp->signature, "RSD PTR ", 8) == 0 ? find_madt(*rsdp) : nullptr;
    if (madt) {
      topology.rsdp = address;
      read_madt(*madt, topology);
    }
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
