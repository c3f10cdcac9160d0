// What firmware leaves behind for a PVH kernel (xen/arch-x86/hvm/start_info.h), in DRAM at 0. The memory map
// is that of QEMU's microvm:
//
//     0x00000..0x9fc00   RAM                    0x100000..  RAM; modules top-down, page-aligned, module 0
//     lowest 0x9fc00..0xa0000   reserved (EBDA)        high_base.. RAM 0xd0000..0xf0000   ACPI tables (NVS)
//     0xf0000..0x100000  reserved: hvm_start_info, module list, memory map, RSDP, command lines
#pragma once
#include <string>
#include <vector>

#include "sim/core/memory_port.h"
#include "sim/platform/firmware/elf_image.h"

namespace xs::platform {

inline constexpr u64 acpi_tables_pa = 0xe0000, acpi_tables_end = 0xf0000;
inline constexpr u64 rsdp_pa = 0xf2f00;  ///< where a search of the BIOS area finds it, too

struct PvhModule {
  std::string name;
  std::vector<u8> bytes;
  std::string cmdline;
};

struct PvhBoot {
  ElfImage kernel;
  std::string cmdline;
  std::vector<PvhModule> modules;
};

struct PvhEntry {
  u32 eip = 0;         ///< XEN_ELFNOTE_PHYS32_ENTRY
  u32 start_info = 0;  ///< for EBX
};

/// Copies kernel and modules into DRAM and writes the boot information. Throws Error naming the file that
/// does not fit.
PvhEntry load_pvh(const PvhBoot& boot, const MemoryPort& memory);

}  // namespace xs::platform
