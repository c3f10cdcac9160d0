// System calls from user mode: number in r15, arguments r16 to r18, result r8.
#pragma once
#include "guests/lib/types.h"
#include "layout.h"

inline s64 user_syscall(u64 number, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0) {
  register u64 r15 asm("r15") = number;
  register u64 r16 asm("r16") = a1;
  register u64 r17 asm("r17") = a2;
  register u64 r18 asm("r18") = a3;
  register s64 r8 asm("r8");
  asm volatile("break %[number]"
               : "=r"(r8)
               : "r"(r15), "r"(r16), "r"(r17), "r"(r18), [number] "i"(SYSCALL_BREAK)
               : "memory");
  return r8;
}
