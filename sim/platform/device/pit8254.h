// Intel 8254 interval timer: channels 0 (IRQ 0) and 2. The counters are functions of simulated time, so an
// idle timer costs nothing; an alarm runs only for the edges of channel 0.
//
// As on QEMU's microvm there is no port 0x61: channel 2's gate stays low and its counter never runs.
// Source: Intel 8254 data sheet (231164), mode definitions.
#pragma once
#include <array>

#include "sim/platform/device/register_device.h"

namespace xs::platform {

class Pit8254 : public RegisterDevice {
 public:
  static constexpr u64 register_bytes = 4;
  static constexpr u64 input_hz = 1'193'182;

  Pit8254(DeviceHost& host, IrqLine irq0);
  bool read(u64 offset, unsigned size, u64& value) override;
  bool write(u64 offset, unsigned size, u64 value) override;
  /// Channel 0 will change its output by itself.
  bool may_interrupt() const { return alarm_->armed(); }

 private:
  enum class Access : u8 { latch = 0, low = 1, high = 2, both = 3 };
  struct Channel {
    u8 mode = 3;
    Access access = Access::both;
    bool gate = true;
    bool loaded = true;  ///< a count was written since the mode was; else the output is at rest
    u32 count = 65536;
    u64 start_ps = 0;  ///< when the count was loaded
    u8 write_low = 0;
    bool write_high_next = false, read_high_next = false;
    bool count_latched = false, status_latched = false;
    u16 latched_count = 0;
    u8 latched_status = 0;
  };

  u64 elapsed(const Channel& c) const;
  u16 counter(const Channel& c) const;
  bool output(const Channel& c) const;
  bool write_control(u8 value);
  void read_back(u8 value);
  void latch_count(Channel& c);
  void latch_status(Channel& c);
  u8 read_counter(Channel& c);
  void write_counter(Channel& c, u8 value);
  void load(Channel& c, u16 value);
  void schedule();

  DeviceHost& host_;
  IrqLine irq0_;
  std::unique_ptr<Timer> alarm_;
  std::array<Channel, 3> channels_;
};

}  // namespace xs::platform
