#include "sim/platform/dram.h"

#include <sys/mman.h>

#include <cstring>

#include "sim/core/error.h"

namespace xs::platform {

Dram::Dram(const DramLayout& layout) {
  add_range(0, layout.low_bytes);
  add_range(layout.high_base, layout.high_bytes);
}

void Dram::add_range(u64 base, u64 bytes) {
  if (bytes == 0) return;
  void* host =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (host == MAP_FAILED)
    throw Error("the host cannot reserve " + std::to_string(bytes >> 20) + " MiB for simulated memory");
  ranges_.push_back({base, bytes, static_cast<u8*>(host)});
}

void Dram::add_rom(u64 base, std::vector<u8> bytes) {
  bytes.resize((bytes.size() + frame_mask) & ~frame_mask);
  rom_bytes_.push_back(std::move(bytes));
  roms_.push_back({base, rom_bytes_.back().size(), rom_bytes_.back().data()});
}

Dram::~Dram() {
  for (const RamRange& r : ranges_) munmap(r.host, r.size);
}

bool Dram::read(u64 pa, void* out, unsigned size) {
  const u8* p = ram_bytes(*this, pa, size);
  if (p) std::memcpy(out, p, size);
  return p != nullptr;
}

bool Dram::write(u64 pa, const void* in, unsigned size) {
  u8* p = ram_bytes(*this, pa, size);
  if (p) std::memcpy(p, in, size);
  return p != nullptr;
}

u8* ram_bytes(const MemoryPort& memory, u64 pa, u64 size) {
  for (const RamRange& r : memory.ram())
    if (pa - r.base < r.size) return size <= r.size - (pa - r.base) ? r.host + (pa - r.base) : nullptr;
  return nullptr;
}

}  // namespace xs::platform
