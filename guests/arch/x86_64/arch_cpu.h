// What portable guest code needs of the processor; each architecture has a header of this name.
#pragma once
#include "guests/lib/types.h"

constexpr u64 page_shift = 12;
constexpr u64 page_bytes = u64{1} << page_shift;
// Every kernel stack is that large, and aligned to its size (entry.S).
constexpr u64 stack_bytes = 16384;
constexpr u64 user_va_end = 0x0000800000000000ull;

inline void arch_copy(void* to, const void* from, size_t bytes) {
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}
inline void arch_fill(void* to, u8 value, size_t bytes) {
  asm volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
}
inline u64 arch_cycle_counter() {
  u32 low, high;
  asm volatile("rdtsc" : "=a"(low), "=d"(high));
  return u64{high} << 32 | low;
}
inline void arch_relax() { asm volatile("pause"); }
inline u64 arch_stack_pointer() {
  u64 sp;
  asm volatile("mov %%rsp, %0" : "=r"(sp));
  return sp;
}
