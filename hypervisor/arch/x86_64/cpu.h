// Single instructions and register bits. Source: Intel SDM vol. 3A chapter 2 and vol. 4 (MSRs).
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

constexpr u64 kCr0Mp = 1 << 1, kCr0Ts = 1 << 3, kCr0Em = 1 << 2;
constexpr u64 kCr4Tsd = 1 << 2, kCr4De = 1 << 3, kCr4Pae = 1 << 5, kCr4Pge = 1 << 7, kCr4Osfxsr = 1 << 9,
              kCr4Osxmmexcpt = 1 << 10, kCr4Fsgsbase = 1 << 16, kCr4Osxsave = 1 << 18;

constexpr u64 kFlagsTf = 1 << 8, kFlagsIf = 1 << 9, kFlagsDf = 1 << 10, kFlagsIopl = 3 << 12,
              kFlagsNt = 1 << 14, kFlagsRf = 1 << 16, kFlagsVm = 1 << 17, kFlagsAc = 1 << 18,
              kFlagsVif = 1 << 19, kFlagsVip = 1 << 20;

enum Msr : u32 {
  kMsrApicBase = 0x1b,
  kMsrSysenterCs = 0x174,
  kMsrEfer = 0xc0000080,
  kMsrStar = 0xc0000081,
  kMsrLstar = 0xc0000082,
  kMsrCstar = 0xc0000083,
  kMsrSfmask = 0xc0000084,
  kMsrFsBase = 0xc0000100,
  kMsrGsBase = 0xc0000101,
  kMsrShadowGsBase = 0xc0000102
};

inline u64 read_msr(u32 msr) {
  u32 low, high;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
  return u64{high} << 32 | low;
}
inline void write_msr(u32 msr, u64 value) {
  asm volatile("wrmsr" ::"c"(msr), "a"(u32(value)), "d"(u32(value >> 32)) : "memory");
}
inline u64 read_tsc() {
  u32 low, high;
  asm volatile("rdtsc" : "=a"(low), "=d"(high));
  return u64{high} << 32 | low;
}
inline u8 in8(u16 port) {
  u8 value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
inline void out8(u16 port, u8 value) { asm volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
inline void out32(u16 port, u32 value) { asm volatile("outl %0, %1" ::"a"(value), "Nd"(port)); }

inline u64 read_cr0() {
  u64 value;
  asm volatile("mov %%cr0, %0" : "=r"(value));
  return value;
}
inline void write_cr0(u64 value) { asm volatile("mov %0, %%cr0" ::"r"(value) : "memory"); }
inline u64 read_cr2() {
  u64 value;
  asm volatile("mov %%cr2, %0" : "=r"(value));
  return value;
}
inline u64 read_cr3() {
  u64 value;
  asm volatile("mov %%cr3, %0" : "=r"(value));
  return value;
}
inline void write_cr3(u64 value) { asm volatile("mov %0, %%cr3" ::"r"(value) : "memory"); }
inline u64 read_cr4() {
  u64 value;
  asm volatile("mov %%cr4, %0" : "=r"(value));
  return value;
}
inline void write_cr4(u64 value) { asm volatile("mov %0, %%cr4" ::"r"(value) : "memory"); }
inline void invlpg(Vaddr address) { asm volatile("invlpg (%0)" ::"r"(address) : "memory"); }
inline void set_ts() { write_cr0(read_cr0() | kCr0Ts); }
inline void clear_ts() { asm volatile("clts"); }
inline void interrupts_off() { asm volatile("cli" ::: "memory"); }
/// STI delays by one instruction: no interrupt slips in between, so a wake-up is never slept through.
inline void enable_and_halt() { asm volatile("sti; hlt; cli" ::: "memory"); }
inline void pause_cpu() { asm volatile("pause" ::: "memory"); }

struct CpuidResult {
  u32 eax, ebx, ecx, edx;
};
inline CpuidResult cpuid(u32 leaf, u32 subleaf = 0) {
  CpuidResult r;
  asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
  return r;
}

}  // namespace hv

extern "C" {
hv::u64 copy_catching_faults(void* to, const void* from, hv::u64 bytes);
hv::u64 clear_catching_faults(void* to, hv::u64 bytes);
void load_ds(hv::u16 selector);
void load_es(hv::u16 selector);
void load_fs(hv::u16 selector);
void load_gs(hv::u16 selector);
bool read_msr_catching_faults(hv::u32 msr, hv::u64* value);
[[noreturn]] void restore_guest(struct cpu_user_regs* regs);
[[noreturn]] void reset_stack_and_call(void (*function)(void*), void* argument);
}
