#include "guests/tests/multicall/calls.h"

// Swap two pages of the mapping and write through both.
void check_effects() {
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

// More changes than the hypervisor makes in one go.
void check_long_call() {
  if (guest_is_translated()) return;  // tables that are the guest's own are changed by no call
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
