// From an exact value to a register: rounding, overflow, underflow (SDM vol. 1, 5.4.1.3 to 5.4.3). Internal.
#pragma once
#include "sim/cpu_ia64/float/operand.h"

namespace xs::ia64::fp {

/// |x| = (significand + rest / 2^64) * 2^(exponent - bias - 63), integer bit set; when bits below `rest` were
/// lost, its bit 0 is set.
struct Exact {
  u64 significand;
  u64 rest;
  i32 exponent;
  bool negative;
};
Result round(const Environment& env, const Exact& x);

/// {high, low} / 2^count, where bit 63 of `high` is set; bit 0 of `low` stands for lost bits.
struct Shifted {
  u64 high, low;
};
Shifted shift_right(u64 high, u64 low, u32 count);

/// Whether the magnitude grows: `fraction` is what is cut off, in units of 2^-64 of the last kept bit, `odd`
/// that bit.
constexpr bool rounds_up(Rounding mode, bool negative, bool odd, u64 fraction) {
  constexpr u64 half = u64{1} << 63;
  switch (mode) {
    case Rounding::nearest:
      return fraction > half || (fraction == half && odd);
    case Rounding::down:
      return negative && fraction != 0;
    case Rounding::up:
      return !negative && fraction != 0;
    case Rounding::truncate:
      break;
  }
  return false;
}

}  // namespace xs::ia64::fp
