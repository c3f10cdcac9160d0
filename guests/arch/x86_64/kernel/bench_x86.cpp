// In a domain the hypervisor does it, behind a general protection fault.
#include "guests/kernel/bench/bench.h"

namespace {
void read_control(u64 count) {
  u64 value;
  while (count--) asm volatile("mov %%cr0, %0" : "=r"(value));
}

constexpr BenchOperation operations[] = {{"privileged", read_control}, {nullptr, nullptr}};
}  // namespace

const BenchOperation* arch_bench_operations(bool) { return operations; }
