// Instructions that C++ has no word for.
#pragma once
#include <stdint.h>

#include <initializer_list>

namespace isa {

using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;

inline void outb(u16 port, u8 value) { asm volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
inline void outl(u16 port, u32 value) { asm volatile("outl %0, %1" ::"a"(value), "Nd"(port)); }
inline u8 inb(u16 port) {
  u8 value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

#define ISA_CONTROL_REGISTER(name)                     \
  inline u64 read_##name() {                           \
    u64 value;                                         \
    asm volatile("mov %%" #name ", %0" : "=r"(value)); \
    return value;                                      \
  }                                                    \
  inline void write_##name(u64 value) { asm volatile("mov %0, %%" #name ::"r"(value) : "memory"); }
ISA_CONTROL_REGISTER(cr0)
ISA_CONTROL_REGISTER(cr2)
ISA_CONTROL_REGISTER(cr3)
ISA_CONTROL_REGISTER(cr4)
ISA_CONTROL_REGISTER(cr8)
#undef ISA_CONTROL_REGISTER

inline u64 read_msr(u32 index) {
  u32 low, high;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
  return u64{high} << 32 | low;
}
inline void write_msr(u32 index, u64 value) {
  asm volatile("wrmsr" ::"c"(index), "a"(static_cast<u32>(value)), "d"(static_cast<u32>(value >> 32))
               : "memory");
}
inline void invlpg(const volatile void* va) { asm volatile("invlpg (%0)" ::"r"(va) : "memory"); }
inline u64 rdtsc() {
  u32 low, high;
  asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
  return u64{high} << 32 | low;
}
inline void sti() { asm volatile("sti" ::: "memory"); }
inline void cli() { asm volatile("cli" ::: "memory"); }
inline void pause() { asm volatile("pause" ::: "memory"); }
/// Waits for one interrupt: STI's shadow covers HLT, so none is lost between the two.
inline void sti_hlt_cli() { asm volatile("sti; hlt; cli" ::: "memory"); }

namespace msr {
inline constexpr u32 apic_base = 0x1b, efer = 0xc0000080, star = 0xc0000081, lstar = 0xc0000082,
                     cstar = 0xc0000083, fmask = 0xc0000084, fs_base = 0xc0000100, gs_base = 0xc0000101,
                     kernel_gs_base = 0xc0000102;
}

}  // namespace isa
