// I/O APIC (82093AA, version 0x20 with the EOI register): 24 pins, one redirection entry each.
//
// As in QEMU, a pin's level is "asserted" whatever the entry's polarity bit says, and an edge that arrives
// while its entry is masked is lost (82093AA data sheet, 3.2.4, bit 16).
#pragma once
#include <array>
#include <functional>

#include "sim/cpu_x86/apic_bus.h"
#include "sim/platform/device/register_device.h"

namespace xs::platform {

class Ioapic : public RegisterDevice, public x86::EoiListener {
 public:
  static constexpr unsigned pin_count = 24;
  static constexpr u64 register_bytes = 0x1000;
  using Send = std::function<void(const x86::ApicMessage&)>;

  explicit Ioapic(Send send);
  void set_pin(unsigned pin, bool asserted);
  bool masked(unsigned pin) const { return entries_[pin] & mask_bit; }

  bool read(u64 offset, unsigned size, u64& value) override;
  bool write(u64 offset, unsigned size, u64 value) override;
  unsigned max_access() const override { return 4; }
  void on_eoi(u8 vector) override;

 private:
  static constexpr u64 mask_bit = u64{1} << 16;
  static constexpr u64 level_bit = u64{1} << 15;
  static constexpr u64 remote_irr_bit = u64{1} << 14;
  static constexpr u64 status_bit = u64{1} << 12;

  u32 read_window() const;
  void write_window(u32 value);
  void service(unsigned pin);

  Send send_;
  std::array<u64, pin_count> entries_;
  u32 asserted_ = 0;   ///< pin levels
  u32 requested_ = 0;  ///< edges not yet delivered, and levels
  u8 select_ = 0, id_ = 0;
};

}  // namespace xs::platform
