// Puts an IA-64 program where a boot loader would: segments at their physical addresses.
//
//     entry   e_entry is the address of a bundle, not of a function descriptor; physical mode
//     r28     address of the boot parameter block; 0: there is none
#pragma once
#include "sim/core/memory_port.h"
#include "sim/platform/firmware/elf_image.h"

namespace xs::platform {

struct Ia64Entry {
  u64 ip = 0;
  u64 boot_parameters = 0;  ///< for r28
};

/// Throws Error naming the file when a segment lies outside memory or the entry is no bundle of the program.
Ia64Entry load_ia64(const ElfImage& program, const MemoryPort& memory);

}  // namespace xs::platform
