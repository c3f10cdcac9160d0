#include "guests/tests/tlb-shootdown/remap.h"
#include "privileged.h"
#include "test/tables.h"

namespace {
u64* entry;

// The hypervisor's call does what the instruction does.
void ask_ptc_ga(u64 va, u64 shift) {
  register u64 r8 asm("r8") = va;
  register u64 r9 asm("r9") = shift << 2;
  asm volatile("break %[ptc_ga]\n;;" : "+r"(r8) : "r"(r9), [ptc_ga] "i"(XEN_IA64_PTC_GA) : "memory");
}
void ptc_g(u64 va, u64 shift) {
  asm volatile("ptc.g %0, %1;; srlz.d;; srlz.i;;" ::"r"(va), "r"(shift << 2) : "memory");
}
}  // namespace

volatile u64* remap_prepare(Pfn first) {
  entry = walked_tables();
  *entry = translation(first, 0, rights_r);
  return reinterpret_cast<volatile u64*>(walked_va);
}
void remap_begin() { walked_load(); }

long remap(unsigned round, Pfn frame) {
  constexpr u64 more_shift = 16, much_shift = 24;  // other sizes than the translation's
  __atomic_store_n(entry, translation(frame, 0, rights_r), __ATOMIC_RELEASE);
  switch (round % 5) {
    case 0:
      return purge_page(walked_va, page_shift), 0;
    case 1:
      return ptc_g(walked_va, page_shift), 0;
    case 2:
      return ask_ptc_ga(walked_va, page_shift), 0;
    case 3:
      return purge_page(walked_va, more_shift), 0;
    default:
      return purge_page(walked_va, much_shift), 0;
  }
}
