// Page-table updates through the hypervisor: one page of the builder's mapping alternates between two frames.
#include "guests/bench/lib/mark.h"

const char test_name[] = "bench-pt-update";

void test_main() {
  constexpr u64 operations = 100'000;
  const Pfn first = test_spare_frames(2);
  const Mfn frames[2] = {test_machine(first), test_machine(first + 1)};
  auto* const page = static_cast<volatile u64*>(test_va(first));
  bench_begin();
  u64 sum = 0;
  for (u64 i = 0; i < operations; ++i) {
    if (update_va_mapping(page, make_pte(frames[i & 1], pte_kernel), UVMF_INVLPG | UVMF_LOCAL) != 0)
      test_error("update %lu refused", i);
    sum += *page + 1;
    *page = i;
  }
  bench_end(operations, sum);
}
