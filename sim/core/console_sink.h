// Character streams that leave the machine (UART, virtio consoles).
#pragma once
#include <string_view>

#include "sim/core/types.h"

namespace xs {

class ConsoleSink {
 public:
  virtual ~ConsoleSink() = default;
  /// Bytes as the device transmitted them, at simulated time `time_ps`.
  virtual void on_output(std::string_view bytes, u64 time_ps) = 0;
};

}  // namespace xs
