// Privileged instructions and registers. Serialization is part of each function: what was changed holds
// afterwards for data accesses, where the text says so for fetches too (SDM vol. 2 3.2).
#pragma once
#include "hypervisor/common/types.h"

// Reads of a register by its assembler name; `HV_WRITE` with data serialization behind.
#define HV_READ(name)                              \
  ({                                               \
    ::hv::u64 value_;                              \
    asm volatile("mov %0 = " name : "=r"(value_)); \
    value_;                                        \
  })
#define HV_WRITE(name, value) \
  asm volatile("mov " name " = %0\n;;\nsrlz.d\n;;" ::"r"(static_cast<::hv::u64>(value)) : "memory")

namespace hv {

// PSR (SDM vol. 2 3.3.2).
constexpr u64 kPsrBe = 1ull << 1, kPsrUp = 1ull << 2, kPsrAc = 1ull << 3, kPsrMfl = 1ull << 4,
              kPsrMfh = 1ull << 5, kPsrIc = 1ull << 13, kPsrI = 1ull << 14, kPsrPk = 1ull << 15,
              kPsrDt = 1ull << 17, kPsrDfl = 1ull << 18, kPsrDfh = 1ull << 19, kPsrSp = 1ull << 20,
              kPsrPp = 1ull << 21, kPsrDi = 1ull << 22, kPsrSi = 1ull << 23, kPsrDb = 1ull << 24,
              kPsrLp = 1ull << 25, kPsrTb = 1ull << 26, kPsrRt = 1ull << 27, kPsrCpl = 3ull << 32,
              kPsrIs = 1ull << 34, kPsrMc = 1ull << 35, kPsrIt = 1ull << 36, kPsrId = 1ull << 37,
              kPsrDa = 1ull << 38, kPsrDd = 1ull << 39, kPsrSs = 1ull << 40, kPsrRi = 3ull << 41,
              kPsrEd = 1ull << 43, kPsrBn = 1ull << 44, kPsrIa = 1ull << 45, kPsrVm = 1ull << 46;
constexpr unsigned kPsrCplShift = 32, kPsrRiShift = 41;

// ISR (SDM vol. 2 3.3.5.3).
constexpr u64 kIsrX = 1ull << 32, kIsrW = 1ull << 33, kIsrR = 1ull << 34, kIsrNa = 1ull << 35,
              kIsrSp = 1ull << 36, kIsrRs = 1ull << 37, kIsrIr = 1ull << 38, kIsrNi = 1ull << 39,
              kIsrSo = 1ull << 40, kIsrEd = 1ull << 43;
constexpr u64 kIsrCodeMask = 0xffff;

/// Bit of cr.ifs: the frame in it is valid.
constexpr u64 kIfsValid = 1ull << 63;
constexpr u64 kFrameMask = (1ull << 38) - 1;  ///< of a frame marker: sof, sol, sor, rrb

inline void pause_cpu() { asm volatile("hint @pause" ::: "memory"); }
inline void serialize_data() { asm volatile("srlz.d\n;;" ::: "memory"); }
inline void serialize_fetches() { asm volatile("srlz.i\n;;" ::: "memory"); }
inline u64 read_itc() { return HV_READ("ar.itc"); }

inline void write_region(unsigned region, u64 value) {
  asm volatile("mov rr[%0] = %1\n;;\nsrlz.d\n;;" ::"r"(u64{region} << 61), "r"(value) : "memory");
}
inline u64 read_region(Vaddr address) {
  u64 value;
  asm volatile("mov %0 = rr[%1]" : "=r"(value) : "r"(address));
  return value;
}

/// Forgets what advanced loads have noted.
inline void invalidate_alat() { asm volatile("invala\n;;" ::: "memory"); }

}  // namespace hv
