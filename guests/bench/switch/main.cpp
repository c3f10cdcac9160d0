// Context switches as a PV kernel makes them: another top-level table and another kernel stack in one
// multicall, then a walk through sixteen pages.
#include "guests/bench/lib/mark.h"

const char test_name[] = "bench-switch";

namespace {

// A second top-level table with the contents of the first, pinned.
Mfn second_table(Pfn first) {
  const Pfn copy = test_spare_frames(1);
  memcpy(test_va(copy), test_va(first), page_bytes);
  if (test_map(copy, pte_kernel_ro) != 0) test_error("cannot make the copy read-only");
  if (mmuext_simple(MMUEXT_PIN_L4_TABLE, test_machine(copy)) != 0) test_error("cannot pin the copy");
  return test_machine(copy);
}

}  // namespace

void test_main() {
  constexpr u64 operations = 40'000;
  const Pfn first = test_table(test_virt_base, 4);
  const Mfn tables[2] = {test_machine(first), second_table(first)};
  const Pfn pages = test_spare_frames(16);
  bench_begin();
  u64 sum = 0;
  for (u64 i = 0; i < operations; ++i) {
    mmuext_op_t load{};
    load.cmd = MMUEXT_NEW_BASEPTR;
    load.arg1.mfn = tables[~i & 1];
    multicall_entry_t calls[2] = {};
    calls[0].op = __HYPERVISOR_stack_switch;
    calls[0].args[0] = FLAT_KERNEL_SS, calls[0].args[1] = hypercall_arg(__builtin_frame_address(0));
    calls[1].op = __HYPERVISOR_mmuext_op;
    calls[1].args[0] = hypercall_arg(&load), calls[1].args[1] = 1, calls[1].args[3] = DOMID_SELF;
    if (hypercall_multicall(calls, count_of(calls)) != 0 || calls[1].result != 0)
      test_error("switch %lu refused", i);
    for (Pfn p = pages; p < pages + 16; ++p) {
      auto* const word = static_cast<volatile u64*>(test_va(p));
      *word = *word + 1;
      sum += *word;
    }
  }
  bench_end(operations, sum);
}
