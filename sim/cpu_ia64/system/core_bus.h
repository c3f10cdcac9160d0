// What a core needs from its surroundings, without SystemC.
#pragma once
#include "sim/core/types.h"

namespace xs::ia64 {

class Processor;

class CoreBus {
 public:
  virtual ~CoreBus() = default;
  /// One device access at the core's local time. False when nothing answered (`data` then holds all ones).
  /// `cycles` receives the device's latency.
  virtual bool transport(bool write, u64 pa, u8* data, unsigned size, u64& cycles) = 0;
  /// ptc.g, ptc.ga: the same purge on every other core.
  virtual void purge_elsewhere(u32 rid, u64 va, unsigned shift) = 0;
  /// This core has decoded code in the frame: from now on all writes to it must be reported to code_written().
  virtual void watch_code(u64 mfn) = 0;
  /// A store by this core to a frame that some core watches.
  virtual void code_written(u64 mfn) = 0;
};

}  // namespace xs::ia64
