// Firmware's tables, below 4 GiB.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct [[gnu::packed]] AcpiHeader {
  char signature[4];
  u32 length;
  u8 revision, checksum;
  char oem[6], oem_table[8];
  u32 oem_revision, creator, creator_revision;
};
static_assert(sizeof(AcpiHeader) == 36);

/// nullptr: there is none, or what leads to it is broken.
const AcpiHeader* acpi_find_table(Paddr rsdp, const char (&signature)[5]);

/// Where firmware's memory can be read from now on.
const void* arch_map_table(Paddr address, u64 bytes);

}  // namespace hv
