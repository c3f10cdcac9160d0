// The ways out of the machine: QEMU's isa-debug-exit and the register block of the ACPI generic event device
// (hardware-reduced ACPI 4.8.3.7 sleep control, 4.8.3.6 reset).
#pragma once
#include <functional>

#include "sim/platform/device/register_device.h"

namespace xs::platform {

/// Port 0xf4, 4 bytes. QEMU ends with exit status (value << 1) | 1.
class DebugExit : public RegisterDevice {
 public:
  static constexpr u64 register_bytes = 4;
  explicit DebugExit(std::function<void(u32)> exit) : exit_(std::move(exit)) {}
  unsigned max_access() const override { return 4; }
  bool read(u64, unsigned, u64& value) override {
    value = 0;
    return true;
  }
  bool write(u64, unsigned, u64 value) override {
    exit_(static_cast<u32>(value));
    return true;
  }

 private:
  std::function<void(u32)> exit_;
};

/// Three one-byte registers: sleep control, sleep status, reset.
class AcpiPower : public RegisterDevice {
 public:
  static constexpr u64 register_bytes = 3;
  static constexpr u8 reset_value = 0x42;  ///< what the FADT announces
  static constexpr u8 sleep_type_s5 = 5;

  AcpiPower(std::function<void()> off, std::function<void()> reset)
      : off_(std::move(off)), reset_(std::move(reset)) {}
  bool read(u64, unsigned, u64& value) override {
    value = 0;
    return true;
  }
  bool write(u64 offset, unsigned, u64 value) override {
    constexpr u8 sleep_enable = 0x20;
    const bool s5 = (value & sleep_enable) && (value >> 2 & 7) == sleep_type_s5;
    if (offset == 0 && s5) off_();
    if (offset == 2 && value == reset_value) reset_();
    return offset != 0 || s5 || !(value & sleep_enable);  // other sleep states are not modelled
  }

 private:
  std::function<void()> off_, reset_;
};

/// The event selector of the generic event device: reading takes the pending events; this machine has none.
class AcpiGed : public RegisterDevice {
 public:
  static constexpr u64 register_bytes = 4;
  unsigned max_access() const override { return 4; }
  bool read(u64, unsigned, u64& value) override {
    value = 0;
    return true;
  }
  bool write(u64, unsigned, u64) override { return true; }
};

}  // namespace xs::platform
