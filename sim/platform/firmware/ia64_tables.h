// What firmware and boot loader leave in DRAM for an IA-64 kernel, and where (ia64_map.h).
//
//     r28 --> boot parameters --> command line
//                             --> EFI memory map
//                             --> EFI system table --> runtime services --> descriptors --> ROM
//                                                  --> SAL system table, RSDP --> ACPI, HCDP
#pragma once
#include <string>
#include <vector>

#include "sim/core/memory_port.h"
#include "sim/platform/firmware/acpi_tables.h"

namespace xs::platform {

struct Ia64Piece {
  u64 base = 0, size = 0;
};

/// Of the kernel that has been loaded.
struct Ia64Boot {
  std::string name;  ///< of its file
  std::string cmdline;
  Ia64Piece program;
  Ia64Piece initrd, domain;  ///< size 0: there is none
};

struct Ia64Machine {
  unsigned cpus = 1;
  std::vector<unsigned> virtio_slots;  ///< occupied ones
  IommuPlace iommu{};
};

/// Throws Error naming the file when the command line is too long.
void write_ia64_tables(const MemoryPort& memory, const Ia64Machine& machine, const Ia64Boot& boot);

}  // namespace xs::platform
