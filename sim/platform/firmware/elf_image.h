// An ELF executable as the firmware sees it: what to copy where, and where to enter. The file is hostile
// until proven otherwise; every defect is one Error that names the file.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sim/core/types.h"

namespace xs::platform {

enum class ElfFor : u8 {
  x86,  ///< ELF32 or ELF64, EM_386 or EM_X86_64
  ia64  ///< ELF64, EM_IA_64, little-endian data
};

struct ElfSegment {
  u64 paddr = 0;                       ///< p_paddr
  u64 file_offset = 0, file_size = 0;  ///< inside ElfImage::bytes
  u64 memory_size = 0;                 ///< >= file_size; the rest is zero
  u64 vaddr = 0;                       ///< p_vaddr
};

struct ElfImage {
  std::string name;
  std::vector<u8> bytes;
  std::vector<ElfSegment> segments;  ///< PT_LOAD with memory_size > 0, in file order
  u64 entry = 0;                     ///< e_entry
  std::optional<u64> phys32_entry;   ///< XEN_ELFNOTE_PHYS32_ENTRY
};

/// Whole contents of a regular file of at most `limit` bytes.
std::vector<u8> read_file(const std::string& name, u64 limit);
/// An executable for this architecture: ET_EXEC or, for x86, ET_DYN (loaded at its p_paddr).
ElfImage parse_elf(std::string name, std::vector<u8> bytes, ElfFor target = ElfFor::x86);
/// The architecture whose ELF file this is, by its first bytes; x86 for what is none of ours.
ElfFor elf_target(const std::string& name);

}  // namespace xs::platform
