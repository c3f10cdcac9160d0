// Event channels, 2-level ABI: per-domain ports, pending and mask bits in shared_info.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;
struct Vcpu;

constexpr unsigned kEventPorts = EVTCHN_2L_NR_CHANNELS;  ///< per domain; port 0 is never used

enum class PortState : u8 { free, reserved, unbound, interdomain, pirq, virq, ipi };

struct EventPort {
  PortState state = PortState::free;
  u8 notify_vcpu = 0;
  u16 virq = 0;            ///< virq
  u16 pirq = 0;            ///< pirq
  DomId remote_domain = 0; ///< unbound: who may bind; interdomain: the peer
  u32 remote_port = 0;     ///< interdomain
};

struct DomainEvents {
  EventPort* ports = nullptr;  ///< kEventPorts entries
};

/// 0 or -XEN_E*.
int events_domain_init(Domain* domain);
/// Closes every port; peers see them unbound. Then frees the table.
void events_domain_destroy(Domain* domain);

/// Marks `port` pending and notifies its VCPU when unmasked.
void event_set_pending(Domain* domain, unsigned port, DomId sender);
void event_send_vcpu_virq(Vcpu* vcpu, unsigned virq);
/// A virq that belongs to the whole domain (DOM_EXC, CONSOLE, ...); nothing when unbound.
void event_send_domain_virq(Domain* domain, unsigned virq);
/// A physical interrupt bound to one of the domain's ports.
bool event_send_pirq(Domain* domain, unsigned pirq);
/// Pending and unmasked events for this VCPU, deliverable or not.
bool vcpu_event_pending(const Vcpu* vcpu);
/// Has events that it does not mask: must not block.
bool vcpu_event_deliverable(const Vcpu* vcpu);

}  // namespace hv
