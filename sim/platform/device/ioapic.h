// I/O APIC (82093AA, version 0x20 with the EOI register): 24 pins.
#pragma once
#include <functional>

#include "sim/cpu_x86/apic_bus.h"
#include "sim/platform/device/redirection_table.h"

namespace xs::platform {

class Ioapic final : public RedirectionTable, public x86::EoiListener {
 public:
  static constexpr unsigned pin_count = 24;
  using Send = std::function<void(const x86::ApicMessage&)>;

  explicit Ioapic(Send send) : RedirectionTable(pin_count, 0x20), send_(std::move(send)) {}
  void on_eoi(u8 vector) override { end_of_interrupt(vector); }

 private:
  void send(u64 entry) override {
    x86::ApicMessage m;
    m.vector = static_cast<u8>(entry);
    m.delivery = static_cast<x86::ApicMessage::Delivery>(entry >> 8 & 7);
    m.logical = entry >> 11 & 1;
    m.destination = static_cast<u8>(entry >> 56);
    m.level = is_level(entry);
    send_(m);
  }

  Send send_;
};

}  // namespace xs::platform
