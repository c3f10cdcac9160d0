#include "guests/lib/events.h"

#include "guests/lib/boot.h"
#include "guests/lib/hypercall.h"
#include "guests/lib/panic.h"

namespace {
constexpr unsigned word_bits = 8 * sizeof(xen_ulong_t);

struct Binding {
  EventHandler handler;
  void* context;
};
Binding bindings[event_ports_max];

xen_ulong_t& word(xen_ulong_t* bitmap, EventPort port) { return bitmap[port / word_bits]; }
xen_ulong_t bit(EventPort port) { return xen_ulong_t{1} << (port % word_bits); }
void set_bit(xen_ulong_t* bitmap, EventPort port) {
  __atomic_fetch_or(&word(bitmap, port), bit(port), __ATOMIC_SEQ_CST);
}
void clear_bit(xen_ulong_t* bitmap, EventPort port) {
  __atomic_fetch_and(&word(bitmap, port), ~bit(port), __ATOMIC_SEQ_CST);
}

void run_port(EventPort port) {
  clear_bit(shared_info_page->evtchn_pending, port);
  if (port < event_ports_max && bindings[port].handler)
    bindings[port].handler(port, bindings[port].context);
  else
    event_mask(port);  // nobody listens: an unhandled level must not storm
}

bool dispatch_word(unsigned index) {
  bool any = false;
  for (;;) {
    xen_ulong_t ready = __atomic_load_n(&shared_info_page->evtchn_pending[index], __ATOMIC_SEQ_CST) &
                        ~__atomic_load_n(&shared_info_page->evtchn_mask[index], __ATOMIC_SEQ_CST);
    if (!ready) return any;
    run_port(index * word_bits + static_cast<unsigned>(__builtin_ctzl(ready)));
    any = true;
  }
}

template <typename Op>
s64 bind(int command, Op& op) {
  long r = hypercall_event_channel_op(command, &op);
  return r ? r : static_cast<s64>(op.port);
}
}  // namespace

void event_set_handler(EventPort port, EventHandler handler, void* context) {
  if (port >= event_ports_max) panic("event port %u is out of range", port);
  bindings[port] = {handler, context};
  event_unmask(port);
}

void event_mask(EventPort port) { set_bit(shared_info_page->evtchn_mask, port); }
// By hypercall: it raises the upcall when the port is pending already, whichever VCPU it is bound to.
void event_unmask(EventPort port) {
  evtchn_unmask_t op{port};
  hypercall_event_channel_op(EVTCHNOP_unmask, &op);
}
bool event_pending(EventPort port) {
  return __atomic_load_n(&word(shared_info_page->evtchn_pending, port), __ATOMIC_SEQ_CST) & bit(port);
}
void event_clear(EventPort port) { clear_bit(shared_info_page->evtchn_pending, port); }

s64 event_bind_virq(unsigned virq, unsigned vcpu) {
  evtchn_bind_virq_t op{virq, vcpu, 0};
  return bind(EVTCHNOP_bind_virq, op);
}
s64 event_bind_ipi(unsigned vcpu) {
  evtchn_bind_ipi_t op{vcpu, 0};
  return bind(EVTCHNOP_bind_ipi, op);
}
s64 event_bind_pirq(unsigned pirq) {
  evtchn_bind_pirq_t op{pirq, BIND_PIRQ__WILL_SHARE, 0};
  return bind(EVTCHNOP_bind_pirq, op);
}
s64 event_bind_interdomain(unsigned remote_domain, EventPort remote_port) {
  evtchn_bind_interdomain_t op{static_cast<domid_t>(remote_domain), remote_port, 0};
  long r = hypercall_event_channel_op(EVTCHNOP_bind_interdomain, &op);
  return r ? r : static_cast<s64>(op.local_port);
}
s64 event_alloc_unbound(unsigned domain, unsigned remote_domain) {
  evtchn_alloc_unbound_t op{static_cast<domid_t>(domain), static_cast<domid_t>(remote_domain), 0};
  return bind(EVTCHNOP_alloc_unbound, op);
}
long event_send(EventPort port) {
  evtchn_send_t op{port};
  return hypercall_event_channel_op(EVTCHNOP_send, &op);
}
long event_close(EventPort port) {
  event_mask(port);
  if (port < event_ports_max) bindings[port] = {};
  evtchn_close_t op{port};
  return hypercall_event_channel_op(EVTCHNOP_close, &op);
}

void events_forget() {
  for (Binding& binding : bindings) binding = {};
}

bool events_dispatch(unsigned vcpu) {
  auto& info = vcpu_info_of(vcpu);
  bool any = false;
  while (__atomic_exchange_n(&info.evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST)) {
    xen_ulong_t selected = __atomic_exchange_n(&info.evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
    for (; selected; selected &= selected - 1)
      if (dispatch_word(static_cast<unsigned>(__builtin_ctzl(selected)))) any = true;
  }
  return any;
}

void events_disable(unsigned vcpu) {
  __atomic_store_n(&vcpu_info_of(vcpu).evtchn_upcall_mask, 1, __ATOMIC_SEQ_CST);
}

bool events_masked(unsigned vcpu) {
  return __atomic_load_n(&vcpu_info_of(vcpu).evtchn_upcall_mask, __ATOMIC_SEQ_CST);
}

void events_enable(unsigned vcpu) {
  auto& info = vcpu_info_of(vcpu);
  __atomic_store_n(&info.evtchn_upcall_mask, 0, __ATOMIC_SEQ_CST);
  // Any hypercall delivers pending upcalls on its way out; this one does nothing else.
  if (__atomic_load_n(&info.evtchn_upcall_pending, __ATOMIC_SEQ_CST))
    hypercall_xen_version(XENVER_version, nullptr);
}
