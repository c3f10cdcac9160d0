// Interrupt messages between local APICs and I/O APICs. Source: Intel SDM vol. 3A chapter 10 (APIC),
// 10.6.1 (ICR fields); destination is xAPIC format.
#pragma once
#include <functional>
#include <vector>

#include "sim/core/types.h"

namespace xs::x86 {

struct ApicMessage {
  enum class Delivery : u8 { fixed = 0, lowest = 1, smi = 2, nmi = 4, init = 5, startup = 6, extint = 7 };
  u8 destination = 0;  ///< APIC id (physical) or MDA (logical)
  bool logical = false;
  Delivery delivery = Delivery::fixed;
  u8 vector = 0;
  bool level = false;  ///< trigger mode; a level interrupt's EOI is broadcast
  bool assert = true;
  u8 shorthand = 0;  ///< 0 none, 1 self, 2 all, 3 all but self
  u8 source = 0;     ///< APIC id of the sender
};

/// A local APIC on the bus.
class ApicAgent {
 public:
  virtual ~ApicAgent() = default;
  virtual u8 apic_id() const = 0;
  virtual bool matches_logical(u8 mda) const = 0;
  virtual void deliver(const ApicMessage&) = 0;
};

/// An I/O APIC: wants to hear of EOIs of level interrupts.
class EoiListener {
 public:
  virtual ~EoiListener() = default;
  virtual void on_eoi(u8 vector) = 0;
};

class ApicBus {
 public:
  void attach(ApicAgent& agent) { agents_.push_back(&agent); }
  void attach(EoiListener& listener) { listeners_.push_back(&listener); }
  void send(const ApicMessage& message);
  void broadcast_eoi(u8 vector) {
    for (EoiListener* l : listeners_) l->on_eoi(vector);
  }
  /// Virtual wire: the 8259's INTR output reaches the boot processor as `extint` messages (assert = level of
  /// the wire; they carry no vector). When the core takes the interrupt it fetches the vector by this INTA
  /// cycle.
  std::function<u8()> acknowledge_extint;

 private:
  std::vector<ApicAgent*> agents_;
  std::vector<EoiListener*> listeners_;
};

}  // namespace xs::x86
