// MC146818 real-time clock and its 128 bytes of CMOS RAM at ports 0x70/0x71. Shows wall_clock_s plus
// simulated time, UTC, BCD, 24 hours. Its interrupts are not modelled: enabling one is an unmodelled access.
//
// Source: Motorola MC146818A data sheet, register A..D.
#pragma once
#include <array>

#include "sim/platform/device/register_device.h"

namespace xs::platform {

class Rtc146818 : public RegisterDevice {
 public:
  static constexpr u64 register_bytes = 2;

  /// low_bytes and high_bytes: DRAM below and above 4 GiB, as firmware leaves them in CMOS RAM.
  Rtc146818(DeviceHost& host, u64 wall_clock_s, u64 low_bytes, u64 high_bytes);
  bool read(u64 offset, unsigned size, u64& value) override;
  bool write(u64 offset, unsigned size, u64 value) override;

 private:
  u8 read_register(u8 index) const;
  u8 time_field(u8 index, u64 seconds) const;
  u8 encode(unsigned value) const;

  DeviceHost& host_;
  u64 wall_clock_s_;
  u8 index_ = 0;
  std::array<u8, 128> ram_{};
};

}  // namespace xs::platform
