// Multicall: every entry is carried out in order, each with its own result, as if called alone.
//
// Guests batch page-table updates and context switches this way, so one entry that fails must not stop or
// disturb the others, and page-table effects must be visible when the call returns.
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
}
