// What I/O APIC and I/O SAPIC have in common: pins, an entry of 64 bits for each, the registers behind index
// and window. The derived class makes messages of entries.
//
//     pin --> [ entry: destination | ... | mask 16 | level 15 | remote IRR 14 | mode 10:8 | vector 7:0 ] -->
//     send()
//
// As in QEMU, a pin's level is "asserted" whatever the entry's polarity bit says, and an edge that arrives
// while its entry is masked is lost (82093AA data sheet, 3.2.4, bit 16).
#pragma once
#include <vector>

#include "sim/platform/device/register_device.h"

namespace xs::platform {

class RedirectionTable : public RegisterDevice {
 public:
  static constexpr u64 register_bytes = 0x1000;

  /// `version`: of the version register; the highest entry's number is added.
  RedirectionTable(unsigned pins, u8 version);
  void set_pin(unsigned pin, bool asserted);
  bool masked(unsigned pin) const { return pins_[pin].entry & mask_bit; }
  unsigned pins() const { return static_cast<unsigned>(pins_.size()); }

  bool read(u64 offset, unsigned size, u64& value) override;
  bool write(u64 offset, unsigned size, u64 value) override;
  unsigned max_access() const override { return 4; }

 protected:
  virtual void send(u64 entry) = 0;
  static bool is_level(u64 entry) { return entry & level_bit; }
  /// Level interrupts of this vector have been served.
  void end_of_interrupt(u8 vector);

 private:
  static constexpr u64 mask_bit = u64{1} << 16;
  static constexpr u64 level_bit = u64{1} << 15;
  static constexpr u64 remote_irr_bit = u64{1} << 14;
  static constexpr u64 status_bit = u64{1} << 12;

  struct Pin {
    u64 entry = mask_bit;
    bool asserted = false;
    bool requested = false;  ///< an edge not yet delivered, or the level
  };

  u32 read_window() const;
  void write_window(u32 value);
  void service(Pin& pin);

  std::vector<Pin> pins_;
  u8 version_, select_ = 0, id_ = 0;
};

}  // namespace xs::platform
