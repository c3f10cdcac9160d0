// What every device is made of, with no SystemC: a block of registers, interrupt lines, timers.
//
//     core --TLM--> bus --> RegisterPort --> RegisterDevice --IrqLine--> Ioapic, Pic8259
//                                               |  ^
//                                        Timer  v  |  DeviceHost (simulated time)
#pragma once
#include <functional>
#include <memory>

#include "sim/core/types.h"

namespace xs::platform {

/// `offset` counts from the device's base; `size` is 1, 2, 4 or 8 bytes, at most max_access().
class RegisterDevice {
 public:
  virtual ~RegisterDevice() = default;
  /// False when nothing is modelled at `offset`: the bus answers all ones and the access is reported.
  virtual bool read(u64 offset, unsigned size, u64& value) = 0;
  virtual bool write(u64 offset, unsigned size, u64 value) = 0;
  /// Wider accesses are split into accesses of this size, lowest address first.
  virtual unsigned max_access() const { return 1; }
};

/// An interrupt wire: true = asserted. Callers may repeat a level.
using IrqLine = std::function<void(bool)>;

/// A one-shot alarm in simulated time. Re-arming replaces the old time.
class Timer {
 public:
  virtual ~Timer() = default;
  virtual void arm(u64 at_ps) = 0;  ///< a time in the past fires at once
  virtual void cancel() = 0;
  virtual bool armed() const = 0;
};

/// The simulation as a device sees it.
class DeviceHost {
 public:
  virtual ~DeviceHost() = default;
  /// Local time of the access or alarm being served. With several cores this may step back by less than a
  /// quantum from one access to the next.
  virtual u64 now_ps() const = 0;
  virtual std::unique_ptr<Timer> make_timer(std::function<void()> expired) = 0;
};

}  // namespace xs::platform
