// Memory as a bus-mastering device sees it: bounds-checked, and every write is announced, because a core may
// hold translated code of the page written.
#pragma once
#include <functional>

#include "sim/core/memory_port.h"

namespace xs::platform {

class Dma {
 public:
  using Written = std::function<void(u64 pa, u64 size)>;
  Dma(MemoryPort& memory, Written written) : memory_(memory), written_(std::move(written)) {}

  /// False, with nothing transferred, when any byte is not DRAM.
  bool read(u64 pa, void* out, u64 size) const;
  bool write(u64 pa, const void* in, u64 size);
  bool covers(u64 pa, u64 size) const;

 private:
  MemoryPort& memory_;
  Written written_;
};

}  // namespace xs::platform
