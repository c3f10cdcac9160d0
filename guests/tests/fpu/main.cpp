// Floating-point registers of a guest: each VCPU's own, and the trap at their first use.
//
// A guest kernel switches floating-point contexts lazily: it asks for a trap (x86-64: fpu_taskswitch sets
// CR0.TS, and the first FPU instruction raises #NM; IA-64: PSR.dfh, a Disabled FP-Register fault), once. The
// hypervisor itself is as lazy, and must confuse neither its own traps with the guest's nor the registers of
// two VCPUs. The second VCPU dirties every register that the first looks at, while the first yields and
// blocks.
#include "guests/tests/fpu/registers.h"

const char test_name[] = "fpu";

namespace {
constexpr u64 pattern = 0x0123456789abcdefull, other_pattern = 0xfedcba9876543210ull;

volatile unsigned rounds;  // of the other VCPU
const char* first_difference;

void other_vcpu() {
  first_difference = bad_initial_register();
  load_other_registers(other_pattern);
  for (;;) {
    const char* changed = changed_other_register(other_pattern);
    test_check(!changed, "VCPU 1: %s has changed", changed);
    rounds = rounds + 1;
    hypercall_sched_op(SCHEDOP_yield, nullptr);
  }
}

void expect_kept(const char* when) {
  const char* changed = changed_register(pattern);
  test_check(!changed, "%s: %s has changed", when, changed);
}

void sleep_ms(unsigned ms) {
  evtchn_port_t none[1];
  sched_poll_t poll{};
  set_xen_guest_handle(poll.ports, none);
  poll.timeout = system_time_ns(0) + ms * ns_per_ms;
  hypercall_sched_op(SCHEDOP_poll, &poll);
}

void check_registers() {
  load_registers(pattern);
  test_equal("initialise VCPU 1", test_initialise_vcpu(1, other_vcpu), 0);
  test_equal("VCPU 1 up", hypercall_vcpu_op(VCPUOP_up, 1, nullptr), 0);
  for (unsigned target = 1; target <= 8; target++) {
    while (rounds < target) hypercall_sched_op(SCHEDOP_yield, nullptr);
    expect_kept("after a yield");
  }
  for (unsigned i = 0; i < 3; i++) {
    unsigned before = rounds;
    sleep_ms(2);
    test_check(rounds > before, "VCPU 1 did not run while VCPU 0 slept");
    expect_kept("after a sleep");
  }
  ask_for_trap();
  unsigned before = rounds;
  while (rounds < before + 2) hypercall_sched_op(SCHEDOP_yield, nullptr);
  test_equal("traps that were asked for before a yield", traps_of_use(), 1);
  expect_kept("after the trap");
  test_check(!first_difference, "a new VCPU: %s", first_difference);
  test_equal("VCPU 1 down", hypercall_vcpu_op(VCPUOP_down, 1, nullptr), 0);
}
}  // namespace

void test_main() {
  test_on_trap(on_first_use);
  // A port that is pending and unmasked would end every sleep at once.
  for (auto& word : shared_info_page->evtchn_mask) word = ~xen_ulong_t{0};
  check_lazy_use();
  test_need_vcpus(2);
  check_registers();
}
