// Calls through the hypercall page: number in rax, arguments rdi rsi rdx r10 r8; Xen may clobber all of them.
#pragma once
#include "guests/lib/types.h"

extern "C" u8 hypercall_page[];  // filled by the hypervisor or the domain builder (notes.S)

inline u64 arch_hypercall_address(const volatile void* p) { return reinterpret_cast<u64>(p); }

inline long arch_hypercall(u64 number, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0, u64 a4 = 0, u64 a5 = 0) {
  register u64 r10 asm("r10") = a4;
  register u64 r8 asm("r8") = a5;
  long result;
  // Stubs are 32 bytes apart, in the order of the numbers.
  asm volatile("call *%[stub]"
               : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
               : [stub] "0"(hypercall_page + number * 32)
               : "rcx", "r11", "r9", "memory");
  return result;
}
