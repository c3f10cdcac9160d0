// What the tests of the IA-64 MMU stand on: memory, and words in the forms of SDM vol. 2 4.1.
#pragma once
#include "sim/mmu/vhpt_ia64/mmu_ia64.h"
#include "tests/support/flat_memory.h"

namespace xs::test {

namespace ia = mmu::ia64;

/// An ordinary page: present, write-back, accessed, dirty.
constexpr u64 pte(u64 pa, unsigned ar = 3, unsigned pl = 3) {
  return pa | u64{ar} << 9 | u64{pl} << 7 | 0x61;
}
constexpr u64 itir(unsigned shift, u32 key = 0) { return u64{key} << 8 | u64{shift} << 2; }
constexpr u64 rr(u32 rid, unsigned shift = 14, bool walk = false) {
  return u64{rid} << 8 | u64{shift} << 2 | walk;
}
constexpr u64 pta(u64 base, unsigned shift, bool long_format) {
  return base | u64{shift} << 2 | u64{long_format} << 8 | 1;
}
constexpr u64 key(u32 value, unsigned denied = 0) { return u64{value} << 8 | u64{denied} << 1 | 1; }

}  // namespace xs::test
