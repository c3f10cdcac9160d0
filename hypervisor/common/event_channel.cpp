// EVENT_CHANNEL_OP: making, connecting and closing ports. (<xen/event_channel.h>)
#include "hypervisor/common/devices.h"
#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/event.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/hypercall.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/pirq.h"
#include "hypervisor/common/planted.h"

namespace hv {
namespace {

// All functions below but the hypercall's own run with event_lock held.

int ensure_bucket(Domain* domain, unsigned port) {
  EventPort*& bucket = domain->events.bucket[port / kPortsPerBucket];
  if (bucket) return 0;
  const Mfn mfn = alloc_frame();
  if (mfn == kInvalidMfn) return -XEN_ENOMEM;
  bucket = static_cast<EventPort*>(frame_to_virt(mfn));
  for (unsigned i = 0; i < kPortsPerBucket; ++i) bucket[i] = EventPort{};
  return 0;
}

/// A free port's number, or -XEN_ENOSPC, -XEN_ENOMEM, -XEN_ESRCH (it is going away).
int free_port(Domain* domain) {
  if (domain->dying) return -XEN_ESRCH;
  for (unsigned port = 1; port < kEventPorts; ++port) {
    if (const int rc = ensure_bucket(domain, port); rc) return rc;
    if (event_port(domain, port)->state == PortState::free) return static_cast<int>(port);
  }
  return -XEN_ENOSPC;
}

void open_port(Domain* domain, int port, const EventPort& entry) {
  const u64 bit = 1ull << (port % 64);
  __atomic_fetch_and(&domain->shared->evtchn_pending[port / 64], ~bit, __ATOMIC_SEQ_CST);
  *event_port(domain, static_cast<u64>(port)) = entry;
  mark_port(domain, static_cast<unsigned>(port));
}

void close_port(Domain* domain, unsigned port) {
  EventPort* entry = event_port(domain, port);
  if (entry->state == PortState::pirq) pirq_unbind(entry->pirq);
  if (entry->state == PortState::virq)
    for (Vcpu* vcpu : domain->vcpu)
      if (vcpu && vcpu->virq_port[entry->virq] == port) vcpu->virq_port[entry->virq] = 0;
  if (entry->state == PortState::interdomain) {
    Domain* remote = domain_get(entry->remote_domain);
    EventPort* peer = remote ? event_port(remote, entry->remote_port) : nullptr;
    if (peer && peer->state == PortState::interdomain) {
      peer->state = PortState::unbound;
      peer->remote_domain = domain->id;
      peer->remote_port = 0;
      mark_port(remote, entry->remote_port);
    }
    if (remote) domain_put(remote);
  }
  const u64 bit = 1ull << (port % 64);
  __atomic_fetch_and(&domain->shared->evtchn_pending[port / 64], ~bit, __ATOMIC_SEQ_CST);
  *entry = EventPort{};
  mark_port(domain, port);
}

/// The caller's own id for DOMID_SELF.
DomId resolve(DomId id) { return id == DOMID_SELF ? current()->domain->id : id; }

int alloc_unbound(evtchn_alloc_unbound& op) {
  const DomainRef domain(op.dom);
  if (const int rc = may_act_on(domain); rc) return rc;
  const int port = free_port(domain.get());
  if (port < 0) return port;
  EventPort entry;
  entry.state = PortState::unbound;
  entry.remote_domain = resolve(op.remote_dom);
  open_port(domain.get(), port, entry);
  op.port = static_cast<u32>(port);
  return 0;
}

int bind_interdomain(evtchn_bind_interdomain& op) {
  Domain* local = current()->domain;
  const DomainRef remote(op.remote_dom);
  if (!remote) return -XEN_ESRCH;
  EventPort* peer = event_port(remote.get(), op.remote_port);
  if (!peer || peer->state != PortState::unbound || peer->remote_domain != local->id) return -XEN_EINVAL;
  const int port = free_port(local);
  if (port < 0) return port;
  EventPort entry;
  entry.state = PortState::interdomain;
  entry.notify_vcpu = static_cast<u8>(current()->id);
  entry.remote_domain = remote->id;
  entry.remote_port = op.remote_port;
  open_port(local, port, entry);
  peer->state = PortState::interdomain;
  peer->remote_domain = local->id;
  peer->remote_port = static_cast<u32>(port);
  mark_port(remote.get(), op.remote_port);
  op.local_port = static_cast<u32>(port);
  // What the peer sent before anybody listened would be lost otherwise.
  event_set_pending(local, static_cast<unsigned>(port), remote->id, op.remote_port);
  return 0;
}

bool virq_is_per_vcpu(u32 virq) { return virq == VIRQ_TIMER || virq == VIRQ_DEBUG || virq == VIRQ_XENPMU; }

int bind_virq(evtchn_bind_virq& op) {
  Domain* domain = current()->domain;
  if (op.virq >= NR_VIRQS || (op.vcpu != 0 && !virq_is_per_vcpu(op.virq))) return -XEN_EINVAL;
  if (op.vcpu >= domain->max_vcpus || !domain->vcpu[op.vcpu]) return -XEN_ENOENT;
  Vcpu* vcpu = domain->vcpu[op.vcpu];
  if (vcpu->virq_port[op.virq]) return -XEN_EEXIST;
  const int port = free_port(domain);
  if (port < 0) return port;
  EventPort entry;
  entry.state = PortState::virq;
  entry.notify_vcpu = static_cast<u8>(op.vcpu);
  entry.virq = static_cast<u16>(op.virq);
  open_port(domain, port, entry);
  vcpu->virq_port[op.virq] = op.port = static_cast<u32>(port);
  return 0;
}

int bind_ipi(evtchn_bind_ipi& op) {
  Domain* domain = current()->domain;
  if (op.vcpu >= domain->max_vcpus || !domain->vcpu[op.vcpu]) return -XEN_ENOENT;
  const int port = free_port(domain);
  if (port < 0) return port;
  EventPort entry;
  entry.state = PortState::ipi;
  entry.notify_vcpu = static_cast<u8>(op.vcpu);
  open_port(domain, port, entry);
  op.port = static_cast<u32>(port);
  return 0;
}

int bind_pirq(evtchn_bind_pirq& op) {
  Domain* domain = current()->domain;
  if (op.pirq >= kPirqCount) return -XEN_EINVAL;
  if (!pirq_is_of(domain, op.pirq)) return -XEN_EPERM;
  const int port = free_port(domain);
  if (port < 0) return port;
  EventPort entry;
  entry.state = PortState::pirq;
  entry.pirq = static_cast<u16>(op.pirq);
  open_port(domain, port, entry);
  if (const int rc = pirq_bind(domain, op.pirq, static_cast<unsigned>(port)); rc) {
    *event_port(domain, static_cast<u64>(port)) = EventPort{};
    mark_port(domain, static_cast<unsigned>(port));
    return rc;
  }
  op.port = static_cast<u32>(port);
  return 0;
}

int close(const evtchn_close& op) {
  EventPort* entry = event_port(current()->domain, op.port);
  if (!entry || entry->state == PortState::free || entry->state == PortState::reserved) return -XEN_EINVAL;
  close_port(current()->domain, op.port);
  return 0;
}

int send(const evtchn_send& op) {
  Domain* domain = current()->domain;
  const EventPort* entry = event_port(domain, op.port);
  if (!entry) return -XEN_EINVAL;
  switch (entry->state) {
    case PortState::interdomain:
      if (const DomainRef remote(planted(Bug::event_to_wrong_domain) ? domain->id : entry->remote_domain);
          remote)
        event_set_pending(remote.get(), entry->remote_port, domain->id, op.port);
      return 0;
    case PortState::ipi:
      event_set_pending(domain, op.port, domain->id, op.port);
      return 0;
    case PortState::unbound:  // nobody there yet: dropped
      return 0;
    default:
      return -XEN_EINVAL;
  }
}

int status(evtchn_status& op) {
  const DomainRef domain(op.dom);
  if (const int rc = may_act_on(domain); rc) return rc;
  const EventPort* entry = event_port(domain.get(), op.port);
  if (!entry) {
    if (op.port >= kEventPorts) return -XEN_EINVAL;
    op.status = EVTCHNSTAT_closed;
    op.vcpu = 0;
    return 0;
  }
  op.vcpu = entry->notify_vcpu;
  switch (entry->state) {
    case PortState::free:
    case PortState::reserved:
      op.status = EVTCHNSTAT_closed;
      break;
    case PortState::unbound:
      op.status = EVTCHNSTAT_unbound;
      op.u.unbound.dom = entry->remote_domain;
      break;
    case PortState::interdomain:
      op.status = EVTCHNSTAT_interdomain;
      op.u.interdomain.dom = entry->remote_domain;
      op.u.interdomain.port = entry->remote_port;
      break;
    case PortState::pirq:
      op.status = EVTCHNSTAT_pirq;
      op.u.pirq = entry->pirq;
      break;
    case PortState::virq:
      op.status = EVTCHNSTAT_virq;
      op.u.virq = entry->virq;
      break;
    case PortState::ipi:
      op.status = EVTCHNSTAT_ipi;
      break;
  }
  return 0;
}

int bind_vcpu(const evtchn_bind_vcpu& op) {
  Domain* domain = current()->domain;
  if (op.vcpu >= domain->max_vcpus || !domain->vcpu[op.vcpu]) return -XEN_ENOENT;
  EventPort* entry = event_port(domain, op.port);
  if (!entry) return -XEN_EINVAL;
  const bool movable = entry->state == PortState::unbound || entry->state == PortState::interdomain ||
                       entry->state == PortState::pirq ||
                       (entry->state == PortState::virq && !virq_is_per_vcpu(entry->virq));
  if (!movable) return -XEN_EINVAL;
  entry->notify_vcpu = static_cast<u8>(op.vcpu);
  mark_port(domain, op.port);
  return 0;
}

int unmask(const evtchn_unmask& op) {
  return op.port == 0 ? -XEN_EINVAL : event_unmask(current()->domain, op.port);
}

int reset(const evtchn_reset& op) {
  const DomainRef domain(op.dom);
  if (const int rc = may_act_on(domain); rc) return rc;
  // Another one must not be using them meanwhile.
  if (!domain.is_caller() && domain->tool_pauses == 0) return -XEN_EINVAL;
  events_reset(domain.get());
  return 0;
}

/// Copies the argument in, runs `operation` under the lock, copies results out when there are any.
template <typename Op>
long run(Vaddr arg, int (*operation)(Op&)) {
  Op op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  int rc;
  {
    LockGuard guard(event_lock);
    rc = operation(op);
  }
  return rc == 0 && !copy_to_guest(arg, op) ? -XEN_EFAULT : rc;
}

template <typename Op>
long run(Vaddr arg, int (*operation)(const Op&)) {
  Op op;
  if (!copy_from_guest(op, arg)) return -XEN_EFAULT;
  LockGuard guard(event_lock);
  return operation(op);
}

}  // namespace

void events_reset(Domain* domain) {
  for (unsigned port = 1; port < kEventPorts; ++port) {
    const EventPort* entry = event_port(domain, port);
    if (entry && entry->state != PortState::free && entry->state != PortState::reserved)
      close_port(domain, port);
  }
}

void event_close_pirq(unsigned pirq) {
  unsigned port;
  if (Domain* domain = pirq_user(pirq, port)) close_port(domain, port);
}

void events_domain_destroy(Domain* domain) {
  LockGuard guard(event_lock);
  events_reset(domain);
  for (EventPort*& bucket : domain->events.bucket) {
    if (bucket) free_frame(virt_to_frame(bucket));
    bucket = nullptr;
  }
}

long do_event_channel_op(const HypercallArgs& args) {
  const Vaddr arg = args.arg[1];
  switch (args.arg[0]) {
    case EVTCHNOP_alloc_unbound:
      return run<evtchn_alloc_unbound>(arg, alloc_unbound);
    case EVTCHNOP_bind_interdomain:
      return run<evtchn_bind_interdomain>(arg, bind_interdomain);
    case EVTCHNOP_bind_virq:
      return run<evtchn_bind_virq>(arg, bind_virq);
    case EVTCHNOP_bind_ipi:
      return run<evtchn_bind_ipi>(arg, bind_ipi);
    case EVTCHNOP_bind_pirq:
      return run<evtchn_bind_pirq>(arg, bind_pirq);
    case EVTCHNOP_close:
      return run<evtchn_close>(arg, close);
    case EVTCHNOP_send:
      return run<evtchn_send>(arg, send);
    case EVTCHNOP_status:
      return run<evtchn_status>(arg, status);
    case EVTCHNOP_bind_vcpu:
      return run<evtchn_bind_vcpu>(arg, bind_vcpu);
    case EVTCHNOP_unmask:
      return run<evtchn_unmask>(arg, unmask);
    case EVTCHNOP_reset:
      return run<evtchn_reset>(arg, reset);
    default:
      return -XEN_ENOSYS;  // FIFO channels: guests fall back to 2-level
  }
}

}  // namespace hv
