// Calls by `break` (Xen's interface for IA-64): number in r2, arguments in the first five registers of the
// frame, result in r8.
#pragma once
#include "guest_physical.h"
#include "guests/lib/types.h"

extern "C" long hypercall_break(u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 number);

inline u64 arch_hypercall_address(const volatile void* p) { return hypercall_address(p); }

inline long arch_hypercall(u64 number, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0, u64 a4 = 0, u64 a5 = 0) {
  return hypercall_break(a1, a2, a3, a4, a5, number);
}
