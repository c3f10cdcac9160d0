// Puts an IA-64 program and its modules where a boot loader would: segments at their physical addresses,
// modules at the top of low memory.
#pragma once
#include "sim/core/memory_port.h"
#include "sim/platform/firmware/elf_image.h"
#include "sim/platform/firmware/ia64_tables.h"

namespace xs::platform {

/// Throws Error naming the file when a segment lies outside memory or where firmware's tables are, or the
/// entry is no bundle of the program. `e_entry` is the address of a bundle, not of a function descriptor.
Ia64Piece load_ia64(const ElfImage& program, const MemoryPort& memory);

struct Ia64Module {
  std::string name;
  std::vector<u8> bytes;
};

/// An ELF file is the kernel of domain 0, any other the initial RAM disk; `boot.program` is loaded. Throws
/// Error when there are two of a kind, or no room.
void place_modules(const std::vector<Ia64Module>& modules, const MemoryPort& memory, Ia64Boot& boot);

}  // namespace xs::platform
