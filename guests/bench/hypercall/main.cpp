// Hypercall ping: the shortest call there is, over and over.
#include "guests/bench/lib/mark.h"

const char test_name[] = "bench-hypercall";

void test_main() {
  constexpr u64 operations = 200'000;
  bench_begin();
  u64 sum = 0;
  for (u64 i = 0; i < operations; ++i)
    sum += static_cast<u64>(hypercall_xen_version(XENVER_version, nullptr));
  bench_end(operations, sum);
}
