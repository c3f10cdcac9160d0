// Source: ACPI 6.4, 5.2.5 (RSDP), 5.2.7/5.2.8 (RSDT, XSDT).
#include "hypervisor/common/acpi.h"

#include "hypervisor/common/lib.h"

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

/// A whole table, mapped; nullptr when it makes no sense.
const AcpiHeader* map_table(Paddr address) {
  if (address == 0 || address >= (1ull << 32)) return nullptr;
  const auto* header = static_cast<const AcpiHeader*>(arch_map_table(address, sizeof(AcpiHeader)));
  if (header->length < sizeof(AcpiHeader) || header->length > (1u << 20)) return nullptr;
  return static_cast<const AcpiHeader*>(arch_map_table(address, header->length));
}

}  // namespace

const AcpiHeader* acpi_find_table(Paddr address, const char (&signature)[5]) {
  if (address == 0 || address >= (1ull << 32)) return nullptr;
  const auto& rsdp = *static_cast<const Rsdp*>(arch_map_table(address, sizeof(Rsdp)));
  if (memcmp(rsdp.signature, "RSD PTR ", 8) != 0) return nullptr;
  const bool wide = rsdp.revision >= 2 && rsdp.xsdt;
  const AcpiHeader* root = map_table(wide ? rsdp.xsdt : rsdp.rsdt);
  if (!root) return nullptr;
  const u8* entry = reinterpret_cast<const u8*>(root + 1);
  const u8* end = reinterpret_cast<const u8*>(root) + root->length;
  for (const u64 size = wide ? 8 : 4; entry + size <= end; entry += size) {
    u64 place = 0;
    memcpy(&place, entry, size);
    const AcpiHeader* table = map_table(place);
    if (table && memcmp(table->signature, signature, 4) == 0) return table;
  }
  return nullptr;
}

}  // namespace hv
