// Machine memory as one initiator (a page walker, a DMA engine, the observer) sees it.
#pragma once
#include <span>

#include "sim/core/types.h"

namespace xs {

/// One contiguous piece of DRAM. `host` stays valid and fixed for the machine's life; `base` and `size`
/// are multiples of frame_size.
struct RamRange {
  u64 base = 0;
  u64 size = 0;
  u8* host = nullptr;
};

/// Memory that software can read and execute, and that nobody writes; `base` and `size` as above.
struct RomRange {
  u64 base = 0;
  u64 size = 0;
  const u8* host = nullptr;
};

/// Accesses are little-endian, at most 8 bytes, naturally aligned.
class MemoryPort {
 public:
  virtual ~MemoryPort() = default;
  /// False when nothing answers at `pa` (the caller reports a master abort).
  virtual bool read(u64 pa, void* out, unsigned size) = 0;
  virtual bool write(u64 pa, const void* in, unsigned size) = 0;
  /// All DRAM, ascending and disjoint. Constant after elaboration.
  virtual std::span<const RamRange> ram() const = 0;

  /// Disjoint from DRAM. Constant once the machine runs.
  virtual std::span<const RomRange> rom() const { return {}; }

  /// Host address of the byte at `pa`, or nullptr when `pa` is not DRAM.
  u8* host(u64 pa) const {
    for (const RamRange& r : ram())
      if (pa - r.base < r.size) return r.host + (pa - r.base);
    return nullptr;
  }
  /// The same of DRAM or ROM.
  const u8* readable(u64 pa) const {
    if (const u8* at = host(pa)) return at;
    for (const RomRange& r : rom())
      if (pa - r.base < r.size) return r.host + (pa - r.base);
    return nullptr;
  }
};

}  // namespace xs
