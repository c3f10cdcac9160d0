#include "sim/platform/dma.h"

#include <cstring>

#include "sim/platform/dram.h"

namespace xs::platform {

bool Dma::covers(u64 pa, u64 size) const { return ram_bytes(memory_, pa, size) != nullptr; }

u8* Dma::reach(u64 pa, u64 size, bool write) const {
  u8* p = ram_bytes(memory_, pa, size);
  return p && size && guard_ && !guard_(pa, size, write) ? nullptr : p;
}

bool Dma::read(u64 pa, void* out, u64 size) const {
  const u8* p = reach(pa, size, false);
  if (p && size) std::memcpy(out, p, size);
  return p != nullptr;
}

bool Dma::write(u64 pa, const void* in, u64 size) {
  u8* p = reach(pa, size, true);
  if (!p) return false;
  if (size == 0) return true;
  std::memcpy(p, in, size);
  if (written_) written_(pa, size);
  return true;
}

}  // namespace xs::platform
