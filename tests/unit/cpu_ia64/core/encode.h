// The few instructions that directed tests write: bits of a slot (SDM vol. 3, formats in 4.3 to 4.5).
#pragma once
#include "sim/core/types.h"

namespace xs::ia64::test {

inline constexpr unsigned mii = 0x00, mib = 0x10;
inline constexpr u64 nop = u64{1} << 27, cover = u64{2} << 27, flushrs = u64{0xc} << 27;
/// br.cond.sptk.few to its own bundle, and to the one in front
inline constexpr u64 branch_to_itself = u64{4} << 37,
                     branch_back = branch_to_itself | u64{1} << 36 | u64{0xfffff} << 13;

/// adds r1=value,r0
constexpr u64 set(unsigned r1, u64 value) {
  return u64{8} << 37 | u64{2} << 34 | (value >> 7 & 0x3f) << 27 | (value & 0x7f) << 13 | u64{r1} << 6;
}
/// st8 [r3]=r2
constexpr u64 store(unsigned r3, unsigned r2) {
  return u64{4} << 37 | u64{0x33} << 30 | u64{r3} << 20 | u64{r2} << 13;
}
/// ld8 r1=[r3]
constexpr u64 load(unsigned r1, unsigned r3) {
  return u64{4} << 37 | u64{3} << 30 | u64{r3} << 20 | u64{r1} << 6;
}
/// ssm bits
constexpr u64 ssm(u64 bits) { return u64{6} << 27 | (bits & 0x1fffff) << 6; }

}  // namespace xs::ia64::test
