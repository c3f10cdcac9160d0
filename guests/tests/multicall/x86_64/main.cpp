// Multicall: every entry is carried out in order, each with its own result, as if called alone.
//
// Guests batch page-table updates and context switches this way, so one entry that fails must not stop or
// disturb the others, and page-table effects must be visible when the call returns. A call that takes long,
// or puts the VCPU to sleep, delays what follows it in the list and loses nothing of it.
#include "guests/tests/lib/test.h"

const char test_name[] = "multicall";

namespace {
void set(multicall_entry_t& e, u64 op, u64 a = 0, u64 b = 0, u64 c = 0, u64 d = 0) {
  e = {};
  e.op = op;
  e.args[0] = a, e.args[1] = b, e.args[2] = c, e.args[3] = d;
  e.result = 0x5a5a;
}

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

// Swap two pages of the mapping and write through both.
void check_page_tables() {
  Pfn a = test_spare_frames(2), b = a + 1;
  *static_cast<volatile u64*>(test_va(a)) = 0xa;
  *static_cast<volatile u64*>(test_va(b)) = 0xb;
  multicall_entry_t list[2];
  u64 flags = UVMF_INVLPG | UVMF_LOCAL;
  set(list[0], __HYPERVISOR_update_va_mapping, hypercall_arg(test_va(a)),
      make_pte(test_machine(b), pte_kernel), flags);
  set(list[1], __HYPERVISOR_update_va_mapping, hypercall_arg(test_va(b)),
      make_pte(test_machine(a), pte_kernel), flags);
  test_equal("multicall", hypercall_multicall(list, count_of(list)), 0);
  if (guest_is_translated()) {  // its tables are no business of the hypervisor's
    test_equal("first update", static_cast<s64>(list[0].result), -XEN_EINVAL);
    return test_equal("second update", static_cast<s64>(list[1].result), -XEN_EINVAL);
  }
  test_equal("first update", static_cast<s64>(list[0].result), 0);
  test_equal("second update", static_cast<s64>(list[1].result), 0);
  test_equal("first page shows the second frame", *static_cast<volatile u64*>(test_va(a)), 0xb);
  test_equal("second page shows the first frame", *static_cast<volatile u64*>(test_va(b)), 0xa);
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

// More changes than the hypervisor makes in one go.
void check_long_call() {
  constexpr unsigned pages = 64;
  constexpr u32 changes = pages * page_bytes / sizeof(mmu_update_t);
  auto* requests = static_cast<mmu_update_t*>(test_va(test_spare_frames(pages)));
  const Pfn target = test_spare_frames(1);
  for (u32 i = 0; i < changes; i++)
    requests[i] = {test_machine(target) * page_bytes + i % table_entries * sizeof(u64), i};
  u32 done = 0;
  multicall_entry_t list[2];
  set(list[0], __HYPERVISOR_mmu_update, hypercall_arg(requests), changes, hypercall_arg(&done), DOMID_SELF);
  set(list[1], __HYPERVISOR_vcpu_op, VCPUOP_is_up, 0);
  test_equal("multicall with a long call", hypercall_multicall(list, count_of(list)), 0);
  test_equal("long call inside", static_cast<s64>(list[0].result), 0);
  test_equal("changes made", done, changes);
  test_equal("entry behind the long call", static_cast<s64>(list[1].result), 1);
  const u64* words = static_cast<const u64*>(test_va(target));
  test_equal("last change", static_cast<s64>(words[table_entries - 1]), changes - 1);
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
  check_page_tables();
  check_empty_and_large();
  check_sleep();
  if (!guest_is_translated()) check_long_call();  // tables that are the guest's own are changed by no call
}
