// Event channels, two-level ABI.
//
//   vcpu_info.evtchn_upcall_mask     1 = this VCPU takes no upcalls (the virtual interrupt flag)
//   vcpu_info.evtchn_upcall_pending  some selector bit may be set
//   vcpu_info.evtchn_pending_sel     bit i: word i of shared_info.evtchn_pending may have work
//   shared_info.evtchn_pending/mask  one bit per port
#pragma once
#include "guests/lib/types.h"

using EventPort = u32;
using EventHandler = void (*)(EventPort port, void* context);
constexpr u32 event_ports_max = 4096;

// Binds a handler to a port and unmasks it. Panics when the port is out of range.
void event_set_handler(EventPort port, EventHandler handler, void* context);
void event_mask(EventPort port);
void event_unmask(EventPort port);
bool event_pending(EventPort port);
void event_clear(EventPort port);

// Each returns the new port, or a negative errno.
s64 event_bind_virq(unsigned virq, unsigned vcpu);
s64 event_bind_ipi(unsigned vcpu);
s64 event_bind_pirq(unsigned pirq);
s64 event_bind_interdomain(unsigned remote_domain, EventPort remote_port);
s64 event_alloc_unbound(unsigned domain, unsigned remote_domain);
long event_send(EventPort port);
// Closes the port and forgets its handler.
long event_close(EventPort port);

// Of another domain's life: no port is bound to anything any more.
void events_forget();

// Runs the handlers of everything pending on this VCPU; call with upcalls masked. True when there was any.
bool events_dispatch(unsigned vcpu);
void events_disable(unsigned vcpu);
bool events_masked(unsigned vcpu);
// Unmasks upcalls; what became pending meanwhile is delivered before this returns.
void events_enable(unsigned vcpu);
