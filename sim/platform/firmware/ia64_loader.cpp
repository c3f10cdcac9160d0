#include "sim/platform/firmware/ia64_loader.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "sim/core/error.h"
#include "sim/platform/dram.h"
#include "sim/platform/ia64_map.h"

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
  const std::string where = program.name + ": segment " + hex(s.paddr) + " + " + hex(s.memory_size);
  if (!at) throw Error(where + " lies outside the machine's memory");
  if (s.paddr < ia64_map::runtime_end && ia64_map::boot_data < s.paddr + s.memory_size)
    throw Error(where + " overlaps memory that the firmware uses");
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

Ia64Piece load_ia64(const ElfImage& program, const MemoryPort& memory) {
  check_entry(program);
  u64 first = ~u64{0}, end = 0;
  for (const ElfSegment& s : program.segments) {
    load_segment(program, s, memory);
    first = std::min(first, s.paddr);
    end = std::max(end, s.paddr + s.memory_size);
  }
  return {first, end - first};
}

void place_modules(const std::vector<Ia64Module>& modules, const MemoryPort& memory, Ia64Boot& boot) {
  u64 top = memory.ram().front().size;
  for (const Ia64Module& m : modules) {
    constexpr u8 elf[] = {0x7f, 'E', 'L', 'F'};
    const bool kernel =
        m.bytes.size() > sizeof elf && std::equal(std::begin(elf), std::end(elf), m.bytes.begin());
    Ia64Piece& piece = kernel ? boot.domain : boot.initrd;
    if (piece.size != 0)
      throw Error(m.name + ": a second " + (kernel ? "kernel of domain 0" : "initial RAM disk"));
    const u64 size = (m.bytes.size() + frame_mask) & ~frame_mask;
    const u64 base = top - size;
    const bool over = base < boot.program.base + boot.program.size && boot.program.base < top;
    if (size > top - ia64_map::runtime_end || over)
      throw Error(m.name + ": does not fit into the machine's low memory");
    std::copy(m.bytes.begin(), m.bytes.end(), ram_bytes(memory, base, size));
    piece = {base, m.bytes.size()};
    top = base;
  }
}

}  // namespace xs::platform
