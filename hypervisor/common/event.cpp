#include "hypervisor/common/event.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/percpu.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/taps.h"

namespace hv {
namespace {

constexpr unsigned kBitsPerWord = 64;

bool test_and_set(xen_ulong_t& word, unsigned bit) {
  const xen_ulong_t mask = 1ul << bit;
  return __atomic_fetch_or(&word, mask, __ATOMIC_SEQ_CST) & mask;
}

bool test(const xen_ulong_t& word, unsigned bit) {
  return __atomic_load_n(&word, __ATOMIC_SEQ_CST) >> bit & 1;
}

/// Second level: the VCPU's selector, then its upcall flag.
void notify(Domain* domain, unsigned port) {
  const EventPort* entry = event_port(domain, port);
  Vcpu* vcpu = entry ? domain->vcpu[entry->notify_vcpu] : nullptr;
  if (!vcpu || test_and_set(vcpu->info->evtchn_pending_sel, port / kBitsPerWord)) return;
  vcpu_mark_events_pending(vcpu);
}

/// SCHEDOP_poll waits for pending bits whether or not they are masked.
void wake_pollers(Domain* domain, unsigned port) {
  for (Vcpu* vcpu : domain->vcpu) {
    if (!vcpu || !(__atomic_load_n(&vcpu->pause_flags, __ATOMIC_SEQ_CST) & kVcpuPolling)) continue;
    if (vcpu->poll_port == 0 || vcpu->poll_port == port) vcpu_unblock(vcpu);
  }
}

xs_port published_kind(PortState state) {
  switch (state) {
    case PortState::interdomain:
      return XS_PORT_INTERDOMAIN;
    case PortState::ipi:
      return XS_PORT_IPI;
    case PortState::virq:
      return XS_PORT_VIRQ;
    case PortState::pirq:
      return XS_PORT_PIRQ;
    default:
      return XS_PORT_CLOSED;
  }
}

}  // namespace

Spinlock event_lock;

EventPort* event_port(const Domain* domain, u64 port) {
  if (port >= kEventPorts) return nullptr;
  EventPort* bucket = domain->events.bucket[port / kPortsPerBucket];
  return bucket ? &bucket[port % kPortsPerBucket] : nullptr;
}

void mark_port(const Domain* domain, unsigned port) {
  const EventPort* entry = event_port(domain, port);
  mark(XS_MARK_PORT, u64{domain->id} << 16 | entry->notify_vcpu,
       u64{published_kind(entry->state)} << 32 | port, u64{entry->remote_port} << 32 | entry->remote_domain);
}

void vcpu_unblock(Vcpu* vcpu) {
  const u32 waiting = kVcpuBlocked | kVcpuPolling;
  if (!(__atomic_fetch_and(&vcpu->pause_flags, ~waiting, __ATOMIC_SEQ_CST) & waiting)) return;
  vcpu_wake(vcpu);
}

void vcpu_mark_events_pending(Vcpu* vcpu) {
  if (__atomic_exchange_n(&vcpu->info->evtchn_upcall_pending, u8{1}, __ATOMIC_SEQ_CST)) return;
  vcpu_unblock(vcpu);
  if (vcpu->sched.running && vcpu != current()) arch_kick(vcpu->sched.cpu);
}

void event_set_pending(Domain* domain, unsigned port, DomId sender, unsigned sender_port) {
  shared_info* shared = domain->shared;
  const EventPort* entry = event_port(domain, port);
  if (!shared || !entry) return;
  if (test_and_set(shared->evtchn_pending[port / kBitsPerWord], port % kBitsPerWord)) return;
  const u64 notified = u64{domain->id} << 16 | entry->notify_vcpu;
  mark(XS_MARK_EVENT, notified, port, u64{sender_port} << 32 | sender);
  if (!test(shared->evtchn_mask[port / kBitsPerWord], port % kBitsPerWord)) notify(domain, port);
  wake_pollers(domain, port);
}

int event_unmask(Domain* domain, u64 port) {
  if (!event_port(domain, port)) return -XEN_EINVAL;
  const unsigned word = static_cast<unsigned>(port / kBitsPerWord), bit = port % kBitsPerWord;
  const xen_ulong_t mask = 1ul << bit;
  const bool was_masked =
      __atomic_fetch_and(&domain->shared->evtchn_mask[word], ~mask, __ATOMIC_SEQ_CST) & mask;
  if (was_masked && test(domain->shared->evtchn_pending[word], bit))
    notify(domain, static_cast<unsigned>(port));
  return 0;
}

void event_send_vcpu_virq(Vcpu* vcpu, unsigned virq) {
  LockGuard guard(event_lock);
  if (vcpu->virq_port[virq]) event_set_pending(vcpu->domain, vcpu->virq_port[virq], vcpu->domain->id, 0);
}

void event_send_domain_virq(Domain* domain, unsigned virq) {
  if (domain->vcpu[0]) event_send_vcpu_virq(domain->vcpu[0], virq);
}

bool event_is_pending(const Domain* domain, u64 port) {
  return port < kEventPorts && test(domain->shared->evtchn_pending[port / kBitsPerWord], port % kBitsPerWord);
}

void events_dump(const Domain* domain) {
  static const char* const kNames[] = {"free", "reserved", "unbound", "interdomain", "pirq", "virq", "ipi"};
  print("event channels of d%u\n", domain->id);
  for (unsigned port = 1; port < kEventPorts; ++port) {
    const EventPort* entry = event_port(domain, port);
    if (!entry || entry->state == PortState::free) continue;
    const unsigned word = port / kBitsPerWord, bit = port % kBitsPerWord;
    print("  %u: v%u %s%s %s remote d%u:%u virq %u pirq %u\n", port, entry->notify_vcpu,
          test(domain->shared->evtchn_pending[word], bit) ? "P" : "-",
          test(domain->shared->evtchn_mask[word], bit) ? "M" : "-",
          kNames[static_cast<unsigned>(entry->state)], entry->remote_domain, entry->remote_port, entry->virq,
          entry->pirq);
  }
}

}  // namespace hv
