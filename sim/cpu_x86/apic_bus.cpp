#include "sim/cpu_x86/apic_bus.h"

namespace xs::x86 {

namespace {

bool addressed(const ApicAgent& agent, const ApicMessage& m) {
  switch (m.shorthand) {
    case 1:
      return agent.apic_id() == m.source;
    case 2:
      return true;
    case 3:
      return agent.apic_id() != m.source;
    default:
      break;
  }
  if (m.logical) return agent.matches_logical(m.destination);
  return m.destination == 0xff || m.destination == agent.apic_id();
}

}  // namespace

// Lowest priority is arbitrated by attach order: the SDM leaves the choice among equals open (10.6.2.4).
void ApicBus::send(const ApicMessage& message) {
  const bool one_only = message.delivery == ApicMessage::Delivery::lowest;
  for (ApicAgent* agent : agents_) {
    if (!addressed(*agent, message)) continue;
    agent->deliver(message);
    if (one_only) return;
  }
}

}  // namespace xs::x86
