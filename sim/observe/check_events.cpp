// Events arrive where the channel leads: each one that is sent is held against what the hypervisor has told
// of its ports (XS_MARK_PORT).
#include <fmt/format.h>

#include "sim/observe/names.h"
#include "sim/observe/observer_impl.h"

namespace xs::observe {
namespace {

std::string port_name(u32 domid, u32 port) { return fmt::format("dom{} port {}", domid, port); }

std::string port_purpose(const EventPort& p) {
  switch (p.kind) {
    case XS_PORT_INTERDOMAIN:
      return "is connected to " + port_name(p.remote_domid, p.remote_port);
    case XS_PORT_IPI:
      return "is for the domain's own IPIs";
    case XS_PORT_VIRQ:
      return "is for a VIRQ";
    case XS_PORT_PIRQ:
      return "is for a device's interrupt";
    default:
      return "is closed";
  }
}

/// Whether the sender is the one that the port's own binding names.
bool may_send(const EventPort& p, PortKey receiver, PortKey sender) {
  switch (p.kind) {
    case XS_PORT_INTERDOMAIN:
      return sender == PortKey{p.remote_domid, p.remote_port};
    case XS_PORT_IPI:
      return sender == receiver;
    case XS_PORT_VIRQ:
      return sender == PortKey{receiver.domid, 0};
    case XS_PORT_PIRQ:
      return sender == PortKey{XS_OWNER_XEN, 0};
    default:
      return false;
  }
}

}  // namespace

void Observer::Impl::check_event(const CpuView& view, u64 dv, u64 port, u64 from) {
  const PortKey receiver{dv_domid(dv), static_cast<u32>(port)};
  const PortKey sender{static_cast<u32>(from) & 0xffff, static_cast<u32>(from >> 32)};
  const EventPort p = state_->port(receiver.domid, receiver.port);
  const EventPort other = state_->port(sender.domid, sender.port);
  const bool pairs = p.kind != XS_PORT_INTERDOMAIN ||
                     (other.kind == XS_PORT_INTERDOMAIN && may_send(other, sender, receiver));
  if (may_send(p, receiver, sender) && pairs && p.vcpu == dv_vcpu(dv)) return;
  const std::string sent =
      sender.port == 0
          ? fmt::format("by {}", state_->domain_label(sender.domid))
          : fmt::format("from {}, which {},", port_name(sender.domid, sender.port), port_purpose(other));
  isolation_broken({Invariant::event_route, invalid_frame,
                    fmt::format("an event sent {} reaches {} vcpu{} on {}, which {}{}; {}", sent,
                                state_->domain_label(receiver.domid), dv_vcpu(dv),
                                port_name(receiver.domid, receiver.port), port_purpose(p),
                                p.kind == XS_PORT_CLOSED ? "" : fmt::format(" and notifies vcpu{}", p.vcpu),
                                here(view, view.caller()))});
}

}  // namespace xs::observe
