// The last VCPU of a domain that goes down takes the domain with it.
//
// VCPUOP_down (<xen/vcpu.h>) stops one VCPU until VCPUOP_up. When no other is up there is nobody left to say
// that: the hypervisor then shuts the domain down as SCHEDOP_shutdown with reason poweroff would, so that the
// toolstack cleans up. VCPU 0 goes down first and the domain lives on, on VCPU 1, which goes down last. The
// verdict is told before that: whoever waits for the domain's end sees whether it comes. A domain with one
// VCPU goes down with it.
#include "guests/lib/panic.h"
#include "guests/tests/lib/test.h"

const char test_name[] = "last-vcpu";

namespace {
constexpr unsigned other = 1;

[[noreturn]] void go_down_last(unsigned vcpu) {
  test_tell_result();
  const long result = hypercall_vcpu_op(VCPUOP_down, vcpu, nullptr);
  // Not the way it should end, but an end that does not look like it.
  print_line("FAILED: VCPUOP_down of the last VCPU comes back: %ld", result);
  shutdown(SHUTDOWN_crash);
}

void live_on() {
  const u64 end = system_time_ns(other) + ns_per_s;
  while (hypercall_vcpu_op(VCPUOP_is_up, 0, nullptr) != 0 && system_time_ns(other) < end)
    hypercall_sched_op(SCHEDOP_yield, nullptr);
  test_equal("VCPU 0 is up", hypercall_vcpu_op(VCPUOP_is_up, 0, nullptr), 0);
  go_down_last(other);
}
}  // namespace

void test_main() {
  if (hypercall_vcpu_op(VCPUOP_is_up, other, nullptr) < 0) go_down_last(0);
  test_equal("initialise VCPU 1", test_initialise_vcpu(other, live_on), 0);
  test_equal("start it", hypercall_vcpu_op(VCPUOP_up, other, nullptr), 0);
  hypercall_vcpu_op(VCPUOP_down, 0, nullptr);
  test_error("VCPU 0 is down and runs");
}
