// Registers over a hypercall: it is a call, so the preserved ones are kept, with their NaT bits; of the
// others none shows a value of the hypervisor's, nor does a register that nobody has written.
//
// The hypervisor has a short way for a hypercall whose caller goes on at once, and the way of every other
// interruption for the rest: a caller that yields, an event that comes first, a list that is interrupted, NaT
// bits and frames that do not fit. A caller must not see which it was.
#include "guests/tests/hypercall-registers/ia64/probe.h"
#include "guests/tests/lib/test.h"

const char test_name[] = "hypercall-registers";

namespace {
constexpr u64 pattern = 0x1122334455667700;
volatile unsigned handled;

unsigned nat_bit(const u64& word) { return reinterpret_cast<u64>(&word) >> 3 & 63; }

Probe probe;

void prepare(u64 number, u64 a1 = 0, u64 a2 = 0) {
  memset(&probe, 0, sizeof probe);
  probe.number = number;
  probe.argument[0] = a1, probe.argument[1] = a2;
  for (unsigned n = 0; n < count_of(probe.r4_7); n++) probe.r4_7[n] = pattern + 4 + n;
  for (unsigned n = 0; n < count_of(probe.b1_3); n++) probe.b1_3[n] = pattern + 0x10 + n;
  for (unsigned n = 0; n < scratch_registers; n++) probe.scratch[n] = pattern + 0x20 + n;
  probe.lc = pattern + 0x50, probe.ec = 21, probe.ccv = pattern + 0x51;
  probe.nats = u64{1} << nat_bit(probe.r4_7[1]);
}

// Nothing of its own, or cleared.
void expect_no_leak(const char* when, const char* what, u64 found, u64 own) {
  test_check(found == 0 || found == own, "%s: %s is 0x%lx", when, what, found);
}

void expect_kept(const char* when) {
  const Probe::Seen& s = probe.seen;
  test_check(s.unat == probe.nats, "%s: ar.unat is 0x%lx", when, s.unat);
  for (unsigned n = 0; n < count_of(s.r4_7); n++)
    test_check(n == 1 || s.r4_7[n] == probe.r4_7[n], "%s: r%u is 0x%lx", when, 4 + n, s.r4_7[n]);
  test_check(s.nats == u64{1} << nat_bit(s.r4_7[1]), "%s: NaT bits of r4 to r7 0x%lx", when, s.nats);
  for (unsigned n = 0; n < count_of(s.b1_3); n++)
    test_check(s.b1_3[n] == probe.b1_3[n], "%s: b%u is 0x%lx", when, 1 + n, s.b1_3[n]);
  test_check(s.lc == probe.lc && s.ec == probe.ec, "%s: ar.lc 0x%lx, ar.ec %lu", when, s.lc, s.ec);
  expect_no_leak(when, "ar.ccv", s.ccv, probe.ccv);
  for (unsigned n = 0; n < scratch_registers; n++)
    expect_no_leak(when, "a scratch register", s.scratch[n], probe.scratch[n]);
  for (u64 value : s.unwritten)  // of the region where the hypervisor is, or a number of its
    test_check(value >> 56 != 0xf0 && value >> 56 != 0xe8, "%s: an unwritten register is 0x%lx", when, value);
}

void expect(const char* when, s64 result) {
  hypercall_with(&probe);
  test_equal(when, static_cast<s64>(probe.seen.r8), result);
  expect_kept(when);
}

s64 version() { return hypercall_xen_version(XENVER_version, nullptr); }

void check_ways() {
  prepare(__HYPERVISOR_xen_version, XENVER_version);
  expect("at once", version());
  prepare(63);
  expect("no such hypercall", -XEN_ENOSYS);
  prepare(64);
  expect("no such call", -XEN_ENOSYS);
  prepare(__HYPERVISOR_sched_op, SCHEDOP_yield);
  expect("yield", 0);
  test_equal("two registers", hypercall_small(__HYPERVISOR_xen_version, XENVER_version), version());
}

void check_nats() {
  prepare(__HYPERVISOR_xen_version, XENVER_get_features);
  probe.nats |= u64{1} << nat_bit(probe.argument[0]);  // so it is 0, XENVER_version
  expect("a NaT as the first argument", version());
  prepare(__HYPERVISOR_xen_version, XENVER_pagesize, 1);
  probe.nats |= u64{1} << nat_bit(probe.argument[1]);
  expect("a NaT as the second argument", page_bytes);
}

void check_collection_off() {
  events_disable(0);
  prepare(__HYPERVISOR_xen_version, XENVER_version);
  const s64 expected = version();
  xen_ia64_privregs& registers = *reinterpret_cast<xen_ia64_privregs*>(XEN_IA64_XSI + XEN_IA64_PRIVREGS);
  registers.psr_ic = 0;
  hypercall_with(&probe);
  registers.psr_ic = 1;
  test_equal("collection off", static_cast<s64>(probe.seen.r8), expected);
  expect_kept("collection off");
}

bool on_trap(TrapFrame* frame) {
  if (frame->vector != trap_event) return false;
  events_dispatch(0);
  return true;
}

void on_event(EventPort, void*) { handled = handled + 1; }

// The upcall comes between the hypercall and the instruction behind it.
void check_event() {
  const s64 port = event_bind_ipi(0);
  if (port < 0) test_error("bind_ipi: %s", errno_name(port));
  event_set_handler(static_cast<EventPort>(port), on_event, nullptr);
  events_enable(0);
  evtchn_send_t send{static_cast<evtchn_port_t>(port)};
  prepare(__HYPERVISOR_event_channel_op, EVTCHNOP_send, hypercall_arg(&send));
  expect("an event comes first", 0);
  test_equal("upcalls", handled, 1);
  events_disable(0);
}

// A list that goes on after its first entry has put the caller to sleep.
void check_list() {
  multicall_entry_t list[3] = {};
  sched_poll_t poll{};
  poll.timeout = system_time_ns(0) + ns_per_ms;
  list[0].op = __HYPERVISOR_sched_op;
  list[0].args[0] = SCHEDOP_poll, list[0].args[1] = hypercall_arg(&poll);
  list[1].op = list[2].op = __HYPERVISOR_xen_version;
  prepare(__HYPERVISOR_multicall, hypercall_arg(list), count_of(list));
  expect("a list that is continued", 0);
  test_equal("its last entry", static_cast<s64>(list[2].result), version());
}

// Registers of 60 frames are in the CPU, in its VCPU's memory and on the kernel's stack.
u64 deep(u64 n) {
  const u64 here = n * 3 + (n % 4 == 0 ? static_cast<u64>(hypercall_sched_op(SCHEDOP_yield, nullptr)) : 0);
  const s64 there = version();
  const u64 below = n == 0 ? 0 : deep(n - 1);
  test_check(version() == there, "frame %lu has changed", n);
  return below + here;
}
}  // namespace

void test_main() {
  test_on_trap(on_trap);
  for (auto& word : shared_info_page->evtchn_mask) word = ~xen_ulong_t{0};
  check_ways();
  check_nats();
  check_collection_off();
  check_event();
  check_list();
  test_equal("a deep register stack", static_cast<s64>(deep(60)), 60 * 61 / 2 * 3);
}
