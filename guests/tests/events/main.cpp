// Event channels, two-level ABI: sending, masking, pending, polling, upcalls.
//
// An event that is lost hangs a guest for good, one that comes while masked breaks its critical sections. The
// test sends itself events over an IPI port and over an interdomain pair that both end here, and follows the
// three bits of the ABI (pending, mask, selector) and the upcall through every order of mask, send, unmask
// and poll.
#include "guests/tests/lib/test.h"

const char test_name[] = "events";

namespace {
volatile unsigned upcalls;
volatile unsigned handled;
EventPort last_port;

bool on_trap(TrapFrame* frame) {
  if (frame->vector != trap_event) return false;
  test_check(events_masked(0), "upcalls are not masked inside the upcall");
  upcalls = upcalls + 1;
  events_dispatch(0);
  return true;
}

void on_event(EventPort port, void*) {
  handled = handled + 1;
  last_port = port;
}

EventPort need_port(s64 port, const char* what) {
  if (port < 0) test_error("%s: %s", what, errno_name(port));
  return static_cast<EventPort>(port);
}

void expect_handled(const char* when, unsigned count) {
  test_check(handled == count, "%s: %u events handled, expected %u", when, handled, count);
}

void check_ipi() {
  EventPort port = need_port(event_bind_ipi(0), "bind_ipi");
  event_set_handler(port, on_event, nullptr);
  handled = 0;
  upcalls = 0;
  test_equal("send", event_send(port), 0);
  test_check(event_pending(port), "not pending while upcalls are masked");
  expect_handled("upcalls masked", 0);
  events_enable(0);
  expect_handled("upcalls unmasked", 1);
  test_check(upcalls >= 1, "no upcall");
  test_check(!event_pending(port), "pending after it was handled");
  event_send(port);
  expect_handled("send with upcalls unmasked", 2);
  test_equal("port handled", last_port, port);
  event_mask(port);
  event_send(port);
  expect_handled("send to a masked port", 2);
  test_check(event_pending(port), "a masked port must still become pending");
  event_unmask(port);
  expect_handled("unmask of a pending port", 3);
  events_disable(0);
  event_send(port);
  event_send(port);
  events_enable(0);
  expect_handled("two sends before one delivery", 4);
  events_disable(0);
  test_equal("close", event_close(port), 0);
  test_check(event_send(port) < 0, "send to a closed port");
}

// Both ends in this domain: alloc_unbound for ourselves, then bind to it.
void check_interdomain() {
  EventPort server = need_port(event_alloc_unbound(DOMID_SELF, DOMID_SELF), "alloc_unbound");
  EventPort client = need_port(event_bind_interdomain(DOMID_SELF, server), "bind_interdomain");
  event_clear(server);  // binding marks the local port pending, by the ABI
  event_clear(client);
  event_set_handler(server, on_event, nullptr);
  handled = 0;
  events_enable(0);
  handled = 0;
  test_equal("send", event_send(client), 0);
  expect_handled("send over an interdomain pair", 1);
  test_equal("port handled", last_port, server);
  events_disable(0);
  evtchn_status_t status{};
  status.dom = DOMID_SELF;
  status.port = client;
  test_equal("status", hypercall_event_channel_op(EVTCHNOP_status, &status), 0);
  test_equal("status of the pair", status.status, EVTCHNSTAT_interdomain);
  test_equal("close client", event_close(client), 0);
  status.port = server;
  test_equal("status", hypercall_event_channel_op(EVTCHNOP_status, &status), 0);
  test_equal("the other end is unbound again", status.status, EVTCHNSTAT_unbound);
  test_equal("close server", event_close(server), 0);
}

void check_poll() {
  EventPort port = need_port(event_bind_ipi(0), "bind_ipi");
  event_mask(port);
  evtchn_port_t list[1] = {port};
  sched_poll_t poll{};
  set_xen_guest_handle(poll.ports, list);
  poll.nr_ports = 1;
  event_send(port);
  test_equal("poll of a pending port", hypercall_sched_op(SCHEDOP_poll, &poll), 0);
  test_check(event_pending(port), "poll consumed the event");
  event_clear(port);
  u64 start = system_time_ns(0);
  poll.timeout = start + 20 * ns_per_ms;
  test_equal("poll with a timeout", hypercall_sched_op(SCHEDOP_poll, &poll), 0);
  test_check(system_time_ns(0) >= start + 20 * ns_per_ms, "poll returned %lu ns early",
             start + 20 * ns_per_ms - system_time_ns(0));
  event_close(port);
}
long bind_vcpu(EventPort port, u32 vcpu) {
  evtchn_bind_vcpu_t op{port, vcpu};
  return hypercall_event_channel_op(EVTCHNOP_bind_vcpu, &op);
}

void check_bind_vcpu() {
  const s64 port = event_alloc_unbound(DOMID_SELF, DOMID_SELF), ipi = event_bind_ipi(0);
  test_check(port > 0 && ipi > 0, "alloc_unbound: %ld, bind_ipi: %ld", port, ipi);
  test_equal("bind_vcpu", bind_vcpu(static_cast<EventPort>(port), 0), 0);
  test_equal("bind_vcpu of an absent VCPU", bind_vcpu(static_cast<EventPort>(port), 77), -XEN_ENOENT);
  test_equal("bind_vcpu of an IPI", bind_vcpu(static_cast<EventPort>(ipi), 0), -XEN_EINVAL);
  event_close(static_cast<EventPort>(port));
  event_close(static_cast<EventPort>(ipi));
  test_equal("bind_vcpu of a closed port", bind_vcpu(static_cast<EventPort>(port), 0), -XEN_EINVAL);
}
}  // namespace

void test_main() {
  test_on_trap(on_trap);
  events_disable(0);
  // Ports begin unmasked; the console's would wake this VCPU out of a poll.
  for (auto& word : shared_info_page->evtchn_mask) word = ~xen_ulong_t{0};
  check_ipi();
  check_interdomain();
  check_poll();
  check_bind_vcpu();
}
