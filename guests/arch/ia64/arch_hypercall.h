// Calls by `break`: number in r2, arguments in r14 to r18, result in r8 (Xen's interface for IA-64).
#pragma once
#include "guests/lib/types.h"
#include "layout.h"

inline long arch_hypercall(u64 number, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0, u64 a4 = 0, u64 a5 = 0) {
  register u64 r2 asm("r2") = number;
  register u64 r14 asm("r14") = a1;
  register u64 r15 asm("r15") = a2;
  register u64 r16 asm("r16") = a3;
  register u64 r17 asm("r17") = a4;
  register u64 r18 asm("r18") = a5;
  register long r8 asm("r8");
  asm volatile("break %[number]"
               : "=r"(r8), "+r"(r2), "+r"(r14), "+r"(r15), "+r"(r16), "+r"(r17), "+r"(r18)
               : [number] "i"(HYPERCALL_BREAK)
               : "memory");
  return r8;
}
