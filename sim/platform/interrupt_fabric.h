// Which wire goes where: an ISA interrupt reaches both the 8259 pair and the first I/O APIC (interrupt 0 on
// pin 2), a global system interrupt from 16 up reaches one I/O APIC pin only.
#pragma once
#include "sim/cpu_x86/apic_bus.h"
#include "sim/platform/device/ioapic.h"
#include "sim/platform/device/pic8259.h"
#include "sim/platform/microvm.h"

namespace xs::platform {

class InterruptFabric {
 public:
  explicit InterruptFabric(x86::ApicBus& bus)
      : ioapics_{Ioapic([&bus](const x86::ApicMessage& m) { bus.send(m); }),
                 Ioapic([&bus](const x86::ApicMessage& m) { bus.send(m); })},
        pic_([this, &bus](bool asserted) { send_extint(bus, asserted); }) {
    bus.attach(ioapics_[0]);
    bus.attach(ioapics_[1]);
    bus.acknowledge_extint = [this] { return pic_.acknowledge(); };
  }
  InterruptFabric(const InterruptFabric&) = delete;
  InterruptFabric& operator=(const InterruptFabric&) = delete;

  void set(unsigned irq, bool asserted) {
    if (irq < 16) pic_.set_irq(irq, asserted);
    const unsigned pin = pin_of(irq);
    ioapics_[pin / Ioapic::pin_count].set_pin(pin % Ioapic::pin_count, asserted);
  }
  /// Whether an assertion of this interrupt could reach a core.
  bool routed(unsigned irq) const {
    const unsigned pin = pin_of(irq);
    return !ioapics_[pin / Ioapic::pin_count].masked(pin % Ioapic::pin_count) ||
           (irq < 16 && !pic_.masked(irq));
  }
  Ioapic& ioapic(unsigned index) { return ioapics_[index]; }
  Pic8259& pic() { return pic_; }

 private:
  static unsigned pin_of(unsigned irq) { return irq == microvm::irq_pit ? microvm::pit_gsi : irq; }
  void send_extint(x86::ApicBus& bus, bool asserted) {
    if (asserted == intr_) return;
    intr_ = asserted;
    x86::ApicMessage m;  // destination 0: the boot processor's LINT0
    m.delivery = x86::ApicMessage::Delivery::extint;
    m.assert = asserted;
    bus.send(m);
  }

  bool intr_ = false;
  Ioapic ioapics_[2];
  Pic8259 pic_;
};

}  // namespace xs::platform
