#include "guest_physical.h"
#include "guests/tests/callbacks/entries.h"
#include "privileged.h"

extern "C" const u8 xen_vectors[], other_event_callback[], image_start[], image_end[];

const u64 bad_entry = 0xa000000000100008ull;  // within a bundle
const unsigned arch_assists[] = {no_assist, no_assist, no_assist, no_assist};
const char* const arch_capability = "xen-3.0-ia64";

u64 first_entry() { return reinterpret_cast<u64>(xen_vectors) + vector_external_interrupt; }

void set_other_entry() {
  callback_register_t op{CALLBACKTYPE_event, 0, reinterpret_cast<u64>(other_event_callback)};
  test_equal("register the other entry point", hypercall_callback_op(CALLBACKOP_register, &op), 0);
}

void check_frame(const TrapFrame& seen) {
  constexpr u64 wanted = PSR_IC | PSR_I | PSR_DT | PSR_RT | PSR_IT | PSR_BN;
  test_check((seen.ipsr & wanted) == wanted && !(seen.ipsr >> PSR_CPL_SHIFT & 3), "ipsr 0x%lx", seen.ipsr);
  test_check(seen.iip >= reinterpret_cast<u64>(image_start) && seen.iip < reinterpret_cast<u64>(image_end),
             "iip 0x%lx", seen.iip);
  test_equal("isr", static_cast<s64>(seen.isr), 0);
  test_check(seen.ifs >> 63, "ifs 0x%lx", seen.ifs);
}

namespace {
constexpr u64 none_pending = 15, event_vector = 0x50, timer_vector = 0x60;
volatile u64 taken[4];
volatile unsigned taken_count;

// What a kernel does that knows external interrupts and no callback.
bool take_interrupt(TrapFrame* frame) {
  if (frame->vector != vector_external_interrupt) return false;
  const u64 vector = interrupt_acknowledge();
  if (taken_count < count_of(taken)) taken[taken_count] = vector;
  taken_count = taken_count + 1;
  if (vector == event_vector) events_dispatch(0);
  interrupt_end();
  return true;
}

void expect_taken(const char* when, unsigned count, u64 vector) {
  test_check(taken_count == count && (!count || taken[0] == vector), "%s: %u interrupts, the first 0x%lx",
             when, taken_count, taken[0]);
  taken_count = 0;
}

void register_entry(u64 address) {
  callback_register_t op{CALLBACKTYPE_event, 0, address};
  test_equal("register an entry", hypercall_callback_op(CALLBACKOP_register, &op), 0);
}

void check_events(EventPort port) {
  shared_info_page->arch.evtchn_vector = event_vector;
  expect_taken("nothing sent", 0, 0);
  event_send(port);
  expect_taken("an event", 1, event_vector);
  write_task_priority(0xf0);
  event_send(port);
  expect_taken("an event that the TPR masks", 0, 0);
  write_task_priority(0);
  hypercall_xen_version(XENVER_version, nullptr);
  expect_taken("when the TPR lets it in", 1, event_vector);
  events_disable(0);
  event_send(port);
  expect_taken("an event while PSR.i is clear", 0, 0);
  events_enable(0);
  expect_taken("when PSR.i is set", 1, event_vector);
}

void check_timer() {
  constexpr u64 cycles = 200000, patience = 50 * ns_per_ms, masked = 1 << 16;
  write_timer_vector(timer_vector);
  const u64 match = arch_cycle_counter() + cycles, end = system_time_ns(0) + patience;
  write_timer_match(match);
  while (!taken_count && system_time_ns(0) < end) arch_relax();
  test_check(arch_cycle_counter() >= match, "the timer's interrupt came too early");
  expect_taken("ar.itc is cr.itm", 1, timer_vector);
  write_timer_vector(timer_vector | masked);
  write_timer_match(arch_cycle_counter() + cycles);
  hypercall_sched_op(SCHEDOP_yield, nullptr);
  for (const u64 later = arch_cycle_counter() + 2 * cycles; arch_cycle_counter() < later;) arch_relax();
  expect_taken("a timer that is masked", 0, 0);
}

void nothing(EventPort, void*) {}
}  // namespace

// Without a callback events are an external interrupt of the virtual local SAPIC, with the vector that the
// guest has chosen.
void check_arch_callbacks() {
  const s64 port = event_bind_ipi(0);
  if (port < 0) test_error("bind_ipi: %s", errno_name(port));
  event_set_handler(static_cast<EventPort>(port), nothing, nullptr);
  test_on_trap(take_interrupt);
  register_entry(0);
  write_task_priority(0);
  test_equal("cr.ivr when nothing is pending", static_cast<s64>(interrupt_acknowledge()), none_pending);
  events_enable(0);
  check_events(static_cast<EventPort>(port));
  check_timer();
  events_disable(0);
  register_entry(first_entry());
}

bool arch_features_good(u32 features) { return features >> XENFEAT_highmem_assist & 1; }
