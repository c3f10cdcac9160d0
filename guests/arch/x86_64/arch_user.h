// System calls from user mode: number in rax, arguments rdi rsi rdx, result rax.
#pragma once
#include "guests/lib/types.h"

inline s64 user_syscall(u64 number, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0) {
  s64 result;
  asm volatile("syscall" : "=a"(result) : "0"(number), "D"(a1), "S"(a2), "d"(a3) : "rcx", "r11", "memory");
  return result;
}
