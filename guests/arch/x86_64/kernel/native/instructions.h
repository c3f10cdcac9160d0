// Privileged instructions. Source: Intel SDM vol. 2, vol. 4 (MSRs).
#pragma once
#include "guests/lib/types.h"

constexpr u32 msr_star = 0xc0000081, msr_lstar = 0xc0000082, msr_sfmask = 0xc0000084,
              msr_kernel_gs_base = 0xc0000102;
constexpr u64 flag_tf = 1 << 8, flag_if = 1 << 9, flag_df = 1 << 10, flag_nt = 1 << 14, flag_ac = 1 << 18;

inline void out8(u16 port, u8 value) { asm volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
inline void out32(u16 port, u32 value) { asm volatile("outl %0, %1" ::"a"(value), "Nd"(port)); }
inline u8 in8(u16 port) {
  u8 value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
inline void write_msr(u32 msr, u64 value) {
  asm volatile("wrmsr" ::"c"(msr), "a"(static_cast<u32>(value)), "d"(static_cast<u32>(value >> 32)));
}
inline u64 read_cr2() {
  u64 value;
  asm volatile("mov %%cr2, %0" : "=r"(value));
  return value;
}
inline void write_cr3(u64 value) { asm volatile("mov %0, %%cr3" ::"r"(value) : "memory"); }
inline void flush_page(u64 va) { asm volatile("invlpg (%0)" ::"r"(va) : "memory"); }
inline u64 read_flags() {
  u64 flags;
  asm volatile("pushfq; popq %0" : "=r"(flags));
  return flags;
}
// STI takes effect behind the next instruction: interrupts come at the NOP, or wake the HLT, and nowhere
// else.
inline void take_interrupts() { asm volatile("sti; nop; cli" ::: "memory"); }
inline void wait_for_interrupt() { asm volatile("sti; hlt; cli" ::: "memory"); }
