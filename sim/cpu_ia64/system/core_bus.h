// What a core needs from its surroundings, without SystemC.
#pragma once
#include <string>

#include "sim/core/types.h"

namespace xs::ia64 {

class CoreBus {
 public:
  virtual ~CoreBus() = default;
  /// One device access at the core's local time. False when nothing answered (`data` then holds all ones).
  /// `cycles` receives the device's latency.
  virtual bool transport(bool write, u64 pa, u8* data, unsigned size, u64& cycles) = 0;
  /// Firmware has stored `call` to the core's place for calls that it does not serve: what it is called.
  virtual std::string refused_call(u64 call) const = 0;
  /// The core was halted, and is no longer, or has stopped for good.
  virtual void wake() = 0;
  /// ptc.g, ptc.ga: the same purge on every other core.
  virtual void purge_elsewhere(u32 rid, u64 va, unsigned shift) = 0;
  /// This core has decoded code in the frame: from now on all writes to it must be reported to
  /// code_written().
  virtual void watch_code(u64 mfn) = 0;
  virtual bool code_watched(u64 mfn) const = 0;
  /// This core has stored to such a frame.
  virtual void code_written(u64 mfn) = 0;
  /// Whether each store of this core to the frame is to be told: there is code in it, or an observer guards
  /// it.
  virtual bool tells_stores(u64 mfn) const { return code_watched(mfn); }
  /// This core has stored to such a frame, at `va`.
  virtual void stored(u64 va, u64 pa) { (void)va, code_written(pa >> frame_shift); }
};

}  // namespace xs::ia64
