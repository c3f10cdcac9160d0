// Multicall: every entry is carried out in order, each with its own result, as if called alone.
//
// Guests batch page-table updates and context switches this way, so one entry that fails must not stop or
// disturb the others, and page-table effects must be visible when the call returns. A call that takes long,
// or puts the VCPU to sleep, delays what follows it in the list and loses nothing of it.
#include "guests/tests/multicall/calls.h"

const char test_name[] = "multicall";

namespace {
void check_results() {
  multicall_entry_t list[4];
  set(list[0], __HYPERVISOR_xen_version, XENVER_version);
  set(list[1], 63);
  set(list[2], __HYPERVISOR_vcpu_op, VCPUOP_is_up, 0);
  set(list[3], __HYPERVISOR_sched_op, 99);
  test_equal("multicall", hypercall_multicall(list, count_of(list)), 0);
  test_equal("xen_version inside", static_cast<s64>(list[0].result),
             hypercall_xen_version(XENVER_version, nullptr));
  test_equal("unknown hypercall inside", static_cast<s64>(list[1].result), -XEN_ENOSYS);
  test_equal("entry behind a failed one", static_cast<s64>(list[2].result), 1);
  test_equal("bad sub-operation inside", static_cast<s64>(list[3].result), -XEN_ENOSYS);
}

void check_sleep() {
  sched_poll_t poll{};
  poll.timeout = system_time_ns(0) + ns_per_ms;
  multicall_entry_t list[3];
  set(list[0], __HYPERVISOR_vcpu_op, VCPUOP_is_up, 0);
  set(list[1], __HYPERVISOR_sched_op, SCHEDOP_poll, hypercall_arg(&poll));
  set(list[2], __HYPERVISOR_vcpu_op, VCPUOP_is_up, 0);
  test_equal("multicall with a sleep", hypercall_multicall(list, count_of(list)), 0);
  test_equal("sleep inside", static_cast<s64>(list[1].result), 0);
  test_equal("entry behind the sleep", static_cast<s64>(list[2].result), 1);
  test_check(system_time_ns(0) >= poll.timeout, "it has not slept");
}

void check_empty_and_large() {
  multicall_entry_t list[64];
  test_equal("no entries", hypercall_multicall(list, 0), 0);
  for (auto& e : list) set(e, __HYPERVISOR_vcpu_op, VCPUOP_is_up, 0);
  test_equal("64 entries", hypercall_multicall(list, count_of(list)), 0);
  unsigned wrong = 0;
  for (auto& e : list) wrong += e.result != 1;
  test_equal("entries with a wrong result", wrong, 0);
}
}  // namespace

void test_main() {
  check_results();
  check_effects();
  check_empty_and_large();
  check_sleep();
  check_long_call();
}
