// Event channels, 2-level ABI: per-domain ports, pending and mask bits in shared_info.
//
//   Domain::events.bucket[16] -> frame of 256 EventPorts    made when first needed
//
// One lock guards all domains' ports: interdomain channels change in pairs.
#pragma once
#include "hypervisor/common/lock.h"
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;
struct Vcpu;

constexpr unsigned kEventPorts = EVTCHN_2L_NR_CHANNELS;  ///< per domain; port 0 is never used
constexpr unsigned kPortsPerBucket = 256;

enum class PortState : u8 { free, reserved, unbound, interdomain, pirq, virq, ipi };

struct EventPort {
  PortState state = PortState::free;
  u8 notify_vcpu = 0;
  u16 virq = 0;             ///< virq
  u16 pirq = 0;             ///< pirq
  DomId remote_domain = 0;  ///< unbound: who may bind; interdomain: the peer
  u32 remote_port = 0;      ///< interdomain
  u32 unused = 0;
};
static_assert(sizeof(EventPort) * kPortsPerBucket == kPageSize);

struct DomainEvents {
  EventPort* bucket[kEventPorts / kPortsPerBucket] = {};
};

extern Spinlock event_lock;

/// nullptr when out of range or never made.
EventPort* event_port(const Domain* domain, u64 port);
/// Closes every port; peers see them unbound. Then frees the table.
void events_domain_destroy(Domain* domain);
/// Closes the port to which the physical interrupt is bound, if any; event_lock is held.
void event_close_pirq(unsigned pirq);
/// Closes all ports (EVTCHNOP_reset).
void events_reset(Domain* domain);

/// Tells an observer what the port is from now on; event_lock is held.
void mark_port(const Domain* domain, unsigned port);
/// Marks `port` pending and notifies its VCPU when unmasked. The sender is for observers: its port, 0 where
/// the hypervisor itself sends.
void event_set_pending(Domain* domain, unsigned port, DomId sender, unsigned sender_port);
void event_send_vcpu_virq(Vcpu* vcpu, unsigned virq);
/// A virq that belongs to the whole domain (DOM_EXC, CONSOLE, ...); nothing when unbound.
void event_send_domain_virq(Domain* domain, unsigned virq);
/// EVTCHNOP_unmask: a pending event that was masked is notified now. 0 or -XEN_EINVAL.
int event_unmask(Domain* domain, u64 port);

bool event_is_pending(const Domain* domain, u64 port);
/// Sets the VCPU's upcall_pending and gets it to look: wakes it, or interrupts the CPU it runs on.
void vcpu_mark_events_pending(Vcpu* vcpu);
/// Ends SCHEDOP_block or SCHEDOP_poll.
void vcpu_unblock(Vcpu* vcpu);
void events_dump(const Domain* domain);

}  // namespace hv
