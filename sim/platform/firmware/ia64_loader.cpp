#include "sim/platform/firmware/ia64_loader.h"

#include <cstdio>
#include <cstring>

#include "sim/core/error.h"
#include "sim/platform/dram.h"

namespace xs::platform {
namespace {

constexpr u64 bundle_bytes = 16;

std::string hex(u64 value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

void load_segment(const ElfImage& program, const ElfSegment& s, const MemoryPort& memory) {
  u8* at = ram_bytes(memory, s.paddr, s.memory_size);
  if (!at)
    throw Error(program.name + ": segment " + hex(s.paddr) + " + " + hex(s.memory_size) +
                " lies outside the machine's memory");
  if (s.file_size) std::memcpy(at, program.bytes.data() + s.file_offset, s.file_size);
  std::memset(at + s.file_size, 0, s.memory_size - s.file_size);
}

void check_entry(const ElfImage& program) {
  const std::string entry = program.name + ": its entry " + hex(program.entry);
  if (program.entry % bundle_bytes) throw Error(entry + " is not the address of a bundle");
  bool is_virtual = false;
  for (const ElfSegment& s : program.segments) {
    if (program.entry - s.paddr < s.memory_size) return;
    is_virtual |= program.entry - s.vaddr < s.memory_size;
  }
  throw Error(entry + (is_virtual ? " is a virtual address; the machine starts in physical mode"
                                  : " is in none of its segments"));
}

}  // namespace

Ia64Entry load_ia64(const ElfImage& program, const MemoryPort& memory) {
  check_entry(program);
  for (const ElfSegment& s : program.segments) load_segment(program, s, memory);
  return {program.entry, 0};
}

}  // namespace xs::platform
