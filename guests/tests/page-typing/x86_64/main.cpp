// Page typing: a frame is a page table, a segment descriptor page or writable, never two at once.
//
// This is the whole protection of model `direct`: the guest writes its own page tables' contents through the
// hypervisor, so no frame that is a table may ever be writable for the guest, and no frame that is writable
// may become a table. The test builds an L1 table of its own in each forbidden way and in the allowed one,
// pins it, takes the pin away and ends with the frame writable again: types must be exclusive, and must be
// given back when the last use ends.
#include "guests/tests/lib/test.h"

const char test_name[] = "page-typing";

namespace {
long pin(u32 command, Pfn pfn) { return mmuext_simple(command, test_machine(pfn)); }
u64 pte_address(Pfn table, unsigned index) { return test_machine(table) * page_bytes + index * sizeof(u64); }

void check_table_not_writable() {
  Pfn l1 = test_table(test_virt_base, 1);
  long r = update_va_mapping(test_va(l1), make_pte(test_machine(l1), pte_kernel), UVMF_INVLPG | UVMF_LOCAL);
  test_check(r < 0, "a live page table was mapped writable");
  test_check(!(test_entry(reinterpret_cast<u64>(test_va(l1)), 1) & pte_writable),
             "the entry is writable after the refusal");
}

void check_table_no_vcpu_info() {
  vcpu_register_vcpu_info_t op{};
  op.mfn = test_machine(test_table(test_virt_base, 1));
  test_check(hypercall_vcpu_op(VCPUOP_register_vcpu_info, 0, &op) < 0, "vcpu_info in a page table");
}

void check_writable_no_table(Pfn frame) {
  test_check(pin(MMUEXT_PIN_L1_TABLE, frame) < 0, "a writable frame was pinned as L1 table");
  *static_cast<volatile u64*>(test_va(frame)) = 0x1234;  // the refusal must leave it writable
}

void check_foreign_frame(Pfn frame) {
  auto* entries = static_cast<u64*>(test_va(frame));
  entries[0] = make_pte(test_forbidden_frame, pte_kernel);
  test_equal("make it read-only", test_map(frame, pte_kernel_ro), 0);
  test_check(pin(MMUEXT_PIN_L1_TABLE, frame) < 0, "a table with a frame that is not ours was accepted");
  test_equal("make it writable", test_map(frame, pte_kernel), 0);
  entries[0] = 0;
}

void check_pin_cycle(Pfn frame, Pfn target) {
  auto* entries = static_cast<u64*>(test_va(frame));
  memset(entries, 0, page_bytes);
  entries[1] = make_pte(test_machine(target), pte_kernel);
  test_equal("make it read-only", test_map(frame, pte_kernel_ro), 0);
  test_equal("pin as L1", pin(MMUEXT_PIN_L1_TABLE, frame), 0);
  test_check(pin(MMUEXT_PIN_L1_TABLE, frame) < 0, "pinned twice");
  test_check(pin(MMUEXT_PIN_L2_TABLE, frame) < 0, "an L1 table was pinned as L2");
  test_check(test_map(frame, pte_kernel) < 0, "a pinned table was mapped writable");
  test_equal("clear an entry of it", test_write_pte(pte_address(frame, 1), 0), 0);
  test_equal("the entry", static_cast<s64>(entries[1]), 0);
  test_equal("unpin", pin(MMUEXT_UNPIN_TABLE, frame), 0);
  test_check(pin(MMUEXT_UNPIN_TABLE, frame) < 0, "unpinned twice");
  test_equal("writable after unpin", test_map(frame, pte_kernel), 0);
  *static_cast<volatile u64*>(test_va(frame)) = 0x5678;
}

// The table's entries hold references: the target must not become a table while a pinned L1 maps it writable.
void check_reference_held(Pfn frame, Pfn target) {
  auto* entries = static_cast<u64*>(test_va(frame));
  memset(entries, 0, page_bytes);
  memset(test_va(target), 0, page_bytes);
  entries[0] = make_pte(test_machine(target), pte_kernel);
  test_equal("make it read-only", test_map(frame, pte_kernel_ro), 0);
  test_equal("pin as L1", pin(MMUEXT_PIN_L1_TABLE, frame), 0);
  test_equal("target read-only", test_map(target, pte_kernel_ro), 0);
  test_check(pin(MMUEXT_PIN_L1_TABLE, target) < 0,
             "a frame that a pinned table maps writable became a table");
  test_equal("drop the reference", test_write_pte(pte_address(frame, 0), 0), 0);
  test_equal("pin the target", pin(MMUEXT_PIN_L1_TABLE, target), 0);
  test_equal("unpin the target", pin(MMUEXT_UNPIN_TABLE, target), 0);
  test_equal("unpin", pin(MMUEXT_UNPIN_TABLE, frame), 0);
  test_equal("writable again", test_map(frame, pte_kernel) | test_map(target, pte_kernel), 0);
}

void check_levels(Pfn frame, Pfn child) {
  auto* entries = static_cast<u64*>(test_va(frame));
  memset(entries, 0, page_bytes);
  memset(test_va(child), 0, page_bytes);
  entries[0] = make_pte(test_machine(child), pte_table);
  test_equal("make both read-only", test_map(frame, pte_kernel_ro) | test_map(child, pte_kernel_ro), 0);
  test_equal("pin as L2", pin(MMUEXT_PIN_L2_TABLE, frame), 0);
  test_check(test_map(child, pte_kernel) < 0, "a child of a pinned L2 was mapped writable");
  test_equal("unpin", pin(MMUEXT_UNPIN_TABLE, frame), 0);
  test_equal("child writable after unpin", test_map(child, pte_kernel), 0);
  test_equal("table writable after unpin", test_map(frame, pte_kernel), 0);
}
}  // namespace

void test_main() {
  test_only_direct("frames have no types in this memory model");
  Pfn frame = test_spare_frames(2), target = frame + 1;
  check_table_not_writable();
  check_table_no_vcpu_info();
  check_writable_no_table(frame);
  check_foreign_frame(frame);
  check_pin_cycle(frame, target);
  check_reference_held(frame, target);
  check_levels(frame, target);
}
