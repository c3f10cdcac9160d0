// Memory as a bus-mastering device sees it: bounds-checked, every transfer asked for at its guard, and every
// write announced, because a core may hold translated code of the page written.
#pragma once
#include <functional>

#include "sim/core/memory_port.h"

namespace xs::platform {

class Dma {
 public:
  using Written = std::function<void(u64 pa, u64 size)>;
  /// Told of each transfer before it happens; false refuses it.
  using Guard = std::function<bool(u64 pa, u64 size, bool write)>;
  Dma(MemoryPort& memory, Written written, Guard guard = {})
      : memory_(memory), written_(std::move(written)), guard_(std::move(guard)) {}

  /// False, with nothing transferred, when any byte is not DRAM or the guard refuses.
  bool read(u64 pa, void* out, u64 size) const;
  bool write(u64 pa, const void* in, u64 size);
  bool covers(u64 pa, u64 size) const;

 private:
  u8* reach(u64 pa, u64 size, bool write) const;

  MemoryPort& memory_;
  Written written_;
  Guard guard_;
};

}  // namespace xs::platform
