// I/O SAPIC of a DIG64 platform: the I/O APIC's registers, with a destination of 16 bits (id, eid) and no
// end-of-interrupt messages from processors: software writes the vector to the EOI register at 0x40 (Linux:
// arch/ia64/include/asm/iosapic.h).
//
//     entry   63:56 id | 55:48 eid | 16 mask | 15 level | 14 remote IRR | 10:8 delivery mode | 7:0 vector
//
// Delivery mode 1 lets the platform choose another processor of lower priority (XTP); this one never does.
#pragma once
#include <functional>

#include "sim/cpu_ia64/system/sapic.h"
#include "sim/platform/device/redirection_table.h"

namespace xs::platform {

class Iosapic final : public RedirectionTable {
 public:
  static constexpr unsigned pin_count = 48;
  using Send = std::function<void(const ia64::SapicMessage&)>;

  explicit Iosapic(Send send) : RedirectionTable(pin_count, 0x21), send_(std::move(send)) {}

 private:
  void send(u64 entry) override {
    constexpr u64 redirectable = 1;
    const u64 mode = entry >> 8 & 7;
    ia64::SapicMessage m;
    m.id = static_cast<u8>(entry >> 56);
    m.eid = static_cast<u8>(entry >> 48);
    m.vector = static_cast<u8>(entry);
    m.delivery = static_cast<ia64::SapicMessage::Delivery>(mode == redirectable ? 0 : mode);
    send_(m);
  }

  Send send_;
};

}  // namespace xs::platform
