// What portable guest code needs of the processor; each architecture has a header of this name.
#pragma once
#include "layout.h"

#include "guests/lib/types.h"

constexpr u64 page_shift = 12;
constexpr u64 page_bytes = u64{1} << page_shift;
// Every kernel stack is that large, and aligned to its size (layout.h).
constexpr u64 stack_bytes = STACK_BYTES;
// Half of what three levels of tables in region 0 can map; what the other half of a root is for:
// page_table.h.
constexpr u64 user_va_end = u64{1} << USER_VA_BITS;

// By words where both sides are aligned. The build forbids the compiler to make calls of memcpy out of this.
inline void arch_copy(void* to, const void* from, size_t bytes) {
  auto* t = static_cast<u8*>(to);
  auto* f = static_cast<const u8*>(from);
  if ((reinterpret_cast<u64>(t) | reinterpret_cast<u64>(f)) % sizeof(u64) == 0)
    for (; bytes >= sizeof(u64); bytes -= sizeof(u64), t += sizeof(u64), f += sizeof(u64))
      *reinterpret_cast<u64*>(t) = *reinterpret_cast<const u64*>(f);
  while (bytes--) *t++ = *f++;
}
inline void arch_fill(void* to, u8 value, size_t bytes) {
  auto* t = static_cast<u8*>(to);
  if (reinterpret_cast<u64>(t) % sizeof(u64) == 0)
    for (u64 word = value * 0x0101010101010101ull; bytes >= sizeof word;
         bytes -= sizeof word, t += sizeof word)
      *reinterpret_cast<u64*>(t) = word;
  while (bytes--) *t++ = value;
}
inline u64 arch_cycle_counter() {
  u64 value;
  asm volatile("mov %0 = ar.itc" : "=r"(value));
  return value;
}
inline void arch_relax() { asm volatile("hint @pause"); }
inline u64 arch_stack_pointer() {
  u64 sp;
  asm volatile("mov %0 = r12" : "=r"(sp));
  return sp;
}
