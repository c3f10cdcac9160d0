// Page tables of the test's own, beside the identity map of boot.S (PML4 slot 0).
#pragma once
#include "tests/isa/lib/cpu.h"

namespace isa {

namespace pte {
inline constexpr u64 p = 1, w = 2, u = 4, a = 0x20, d = 0x40, ps = 0x80, g = 0x100, nx = u64{1} << 63;
inline constexpr u64 address = 0x000ffffffffff000;
}  // namespace pte

inline constexpr u64 page = 4096;
/// Where the programs map things: PML4 slot 1.
inline constexpr u64 test_va = u64{1} << 39;

/// va's entry at `level` (4 PML4E ... 1 PTE); missing tables above are created present, writable, user.
volatile u64& entry(u64 va, unsigned level);
/// Sets va's leaf of the level (1: 4 KiB, 2: 2 MiB, 3: 1 GiB) and invalidates it.
void map(u64 va, u64 pa, u64 flags = pte::p | pte::w | pte::u, unsigned level = 1);

template <typename T>
u64 address_of(T* pointer) {
  return reinterpret_cast<u64>(pointer);
}
inline volatile u64& at(u64 va) { return *reinterpret_cast<volatile u64*>(va); }
inline void touch(u64 va) { asm volatile("movq (%0), %%rax" ::"r"(va) : "rax", "memory"); }

}  // namespace isa
