// What a core needs from its surroundings, without SystemC.
#pragma once
#include "sim/core/types.h"

namespace xs::x86 {

enum class Space : u8 { memory, port };

class CoreBus {
 public:
  virtual ~CoreBus() = default;
  /// One device access at the core's local time. False when nothing answered (`data` then holds all ones).
  /// `cycles` receives the device's latency.
  virtual bool transport(Space space, bool write, u64 address, u8* data, unsigned size, u64& cycles) = 0;
  /// An event arrived for a core that is halted or waits for SIPI.
  virtual void wake() = 0;
  virtual void shutdown() = 0;
};

}  // namespace xs::x86
