// Reading cr.tpr and writing ar.k7 (what it holds already), by the instruction and, in a domain, by
// hyperprivop: the hypervisor does the write without leaving the guest's stack
// (hypervisor/arch/ia64/fast.S).
#include "guests/kernel/bench/bench.h"
#include "guests/lib/xen_abi.h"
#include "privileged.h"

namespace {
void read_priority(u64 count) {
  while (count--) PRIVILEGED_READ("cr.tpr");
}
void write_kernel_register(u64 count) {
  u64 value = PRIVILEGED_READ("ar.k7");
  while (count--) asm volatile("mov ar.k7 = %0" ::"r"(value));
}

void ask_priority(u64 count) {
  register u64 r8 asm("r8");
  while (count--) asm volatile("break %1" : "=r"(r8) : "i"(XEN_IA64_GET_TPR));
}
void ask_kernel_register(u64 count) {
  register u64 r8 asm("r8") = 7;
  register u64 r9 asm("r9") = PRIVILEGED_READ("ar.k7");
  while (count--) asm volatile("break %2" : "+r"(r8), "+r"(r9) : "i"(XEN_IA64_SET_KR));
}

constexpr BenchOperation in_domain_operations[] = {{"privileged", read_priority},
                                                   {"privileged-kr", write_kernel_register},
                                                   {"hyperprivop-slow", ask_priority},
                                                   {"hyperprivop-fast", ask_kernel_register},
                                                   {nullptr, nullptr}};
constexpr BenchOperation native_operations[] = {
    {"privileged", read_priority}, {"privileged-kr", write_kernel_register}, {nullptr, nullptr}};
}  // namespace

const BenchOperation* arch_bench_operations(bool in_domain) {
  return in_domain ? in_domain_operations : native_operations;
}
