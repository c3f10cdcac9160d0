// Page tables and the trap table.
#include "guests/tests/hypercall-errors/errors.h"

const u64 bad_code_address = 0x8000000000000000ull;  // not canonical

namespace {
// Where tables are the guest's own memory the hypervisor takes no change to one.
void check_refused_page_tables() {
  Mfn l4 = test_machine(test_table(test_virt_base, 4));
  mmu_update_t request{test_machine(test_table(test_virt_base, 1)) * page_bytes, 0};
  test_equal("mmu_update", hypercall_mmu_update(&request, 1, nullptr, DOMID_SELF), -XEN_EINVAL);
  test_equal("update_va_mapping", update_va_mapping(test_va(0), 0, UVMF_NONE), -XEN_EINVAL);
  static constexpr unsigned pins[] = {MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE,
                                      MMUEXT_PIN_L4_TABLE, MMUEXT_UNPIN_TABLE};
  for (unsigned op : pins) test_equal("pin or unpin", mmuext_simple(op, l4), -XEN_EINVAL);
  test_check(mmuext_simple(MMUEXT_NEW_BASEPTR, 0x3fffffffff) < 0,
             "a frame that is not there as base pointer");
  test_check(mmuext_simple(99, 0) < 0, "mmuext_op 99");
}

void check_page_tables() {
  if (guest_is_translated()) return check_refused_page_tables();
  Pfn l1 = test_table(test_virt_base, 1);
  u64 pte = test_machine(l1) * page_bytes;
  test_check(test_write_pte(0x3fffffffff000ull, 0) < 0, "mmu_update of a frame that does not exist");
  test_check(test_write_pte(pte, make_pte(test_forbidden_frame, pte_kernel)) < 0,
             "mmu_update to a frame that is nobody's");
  test_check(mmuext_simple(MMUEXT_NEW_BASEPTR, test_machine(l1)) < 0, "an L1 table as base pointer");
  test_equal("no frame at all as base pointer", mmuext_simple(MMUEXT_NEW_BASEPTR, invalid_frame),
             -XEN_EINVAL);
  test_equal("no frame at all as user base pointer", mmuext_simple(MMUEXT_NEW_USER_BASEPTR, invalid_frame),
             -XEN_EINVAL);
  test_check(mmuext_simple(99, 0) < 0, "mmuext_op 99");
  test_check(mmuext_simple(MMUEXT_PIN_L1_TABLE, 0x3fffffffff) < 0, "pin of a frame that does not exist");
  u64 entry = test_entry(test_virt_base + MiB, 1);
  test_check(entry & pte_present, "a page of the image has lost its mapping");
}
}  // namespace

void check_arch() {
  test_equal("set_trap_table from unmapped memory",
             arch_hypercall(__HYPERVISOR_set_trap_table, hypercall_arg(test_unmapped)), -XEN_EFAULT);
  check_page_tables();
}
