// An ELF executable as the firmware sees it: what to copy where, and where to enter. The file is hostile
// until proven otherwise; every defect is one Error that names the file.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sim/core/types.h"

namespace xs::platform {

struct ElfSegment {
  u64 paddr = 0;                       ///< p_paddr
  u64 file_offset = 0, file_size = 0;  ///< inside ElfImage::bytes
  u64 memory_size = 0;                 ///< >= file_size; the rest is zero
};

struct ElfImage {
  std::string name;
  std::vector<u8> bytes;
  std::vector<ElfSegment> segments;  ///< PT_LOAD with memory_size > 0, in file order
  std::optional<u64> phys32_entry;   ///< XEN_ELFNOTE_PHYS32_ENTRY
};

/// Whole contents of a regular file of at most `limit` bytes.
std::vector<u8> read_file(const std::string& name, u64 limit);
/// x86 ELF32 or ELF64, little-endian, ET_EXEC or ET_DYN (loaded at its p_paddr).
ElfImage parse_elf(std::string name, std::vector<u8> bytes);

}  // namespace xs::platform
