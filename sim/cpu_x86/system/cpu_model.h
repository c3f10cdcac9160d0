// The CPU model that CPUID shows: QEMU's qemu64 (7.2, TCG) without SVM, plus SMEP, 1 GiB pages and
// NX/LM/SYSCALL as there, 52 physical address bits. `qemu-system-x86_64 -M microvm -cpu
// qemu64,-svm,+smep,+pdpe1gb,-smap` is the machine to compare with. Instructions outside this set may
// execute, but are not announced: SSSE3, SSE4, POPCNT, MOVBE, BMI. RDRAND, RDSEED, RDTSCP, MONITOR, XSAVE,
// AVX, PCID, x2APIC, TSC-deadline: #UD or #GP.
//
// Source: AMD64 APM vol. 3 appendix E; Intel SDM vol. 2A CPUID.
#pragma once
#include "sim/core/types.h"

namespace xs::x86::model {

inline constexpr char vendor[] = "AuthenticAMD";
inline constexpr char hypervisor_vendor[] = "XenoscopeSim";
inline constexpr char brand[] = "QEMU Virtual CPU version 2.5+";
inline constexpr u32 max_leaf = 0xd;
inline constexpr u32 max_extended_leaf = 0x80000008;
inline constexpr u32 signature = 0x00060fb1;  ///< family 15, model 107, stepping 1
inline constexpr u32 physical_bits = 52, linear_bits = 48;

/// Leaf 1 EDX.
enum : u32 {
  fpu = 1u << 0,
  de = 1u << 2,
  pse = 1u << 3,
  tsc = 1u << 4,
  msr = 1u << 5,
  pae = 1u << 6,
  mce = 1u << 7,
  cx8 = 1u << 8,
  apic = 1u << 9,
  sep = 1u << 11,
  mtrr = 1u << 12,
  pge = 1u << 13,
  mca = 1u << 14,
  cmov = 1u << 15,
  pat = 1u << 16,
  pse36 = 1u << 17,
  clflush = 1u << 19,
  mmx = 1u << 23,
  fxsr = 1u << 24,
  sse = 1u << 25,
  sse2 = 1u << 26,
  htt = 1u << 28
};
inline constexpr u32 leaf1_edx = fpu | de | pse | tsc | msr | pae | mce | cx8 | apic | sep | mtrr | pge |
                                 mca | cmov | pat | pse36 | clflush | mmx | fxsr | sse | sse2;
/// Leaf 1 ECX: SSE3, CMPXCHG16B, running under a hypervisor.
inline constexpr u32 leaf1_ecx = 1u << 0 | 1u << 13 | 1u << 31;
/// Leaf 7 EBX: SMEP.
inline constexpr u32 leaf7_ebx = 1u << 7;
/// Leaf 0x80000001: LAHF in long mode; SYSCALL, NX, 1 GiB pages, long mode with leaf 1's common bits.
inline constexpr u32 extended_ecx = 1u << 0;
inline constexpr u32 extended_common = leaf1_edx & ~(sep | htt | sse | sse2 | clflush | 1u << 18);
inline constexpr u32 extended_edx =
    (extended_common & 0x0183f3ff) | 1u << 11 | 1u << 20 | 1u << 26 | 1u << 29;

}  // namespace xs::x86::model
