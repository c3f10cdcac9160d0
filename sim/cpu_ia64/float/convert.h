// Between floating-point values and integers: fcvt.fx, fcvt.fxu, fcvt.xf (SDM vol. 3).
#pragma once
#include "sim/cpu_ia64/float/status.h"

namespace xs::ia64::fp {

enum class IntegerType : u8 { signed_integer, unsigned_integer };

/// fcvt.fx, fcvt.fxu; with .trunc pass `truncating(env)`. A value out of range, infinity or a NaN is invalid
/// and gives the integer indefinite 0x8000000000000000.
Result fcvt_to_integer(const Environment& env, IntegerType type, Register f2);

/// The environment of a .trunc form: its rounding is fixed.
constexpr Environment truncating(Environment env) {
  env.rounding = Rounding::truncate;
  return env;
}

/// fcvt.xf: the significand as a signed integer; always exact, no exceptions. fcvt.xuf is a multiply-add.
Register fcvt_xf(Register f2);

/// One half of fpcvt.fx, fpcvt.fxu: `single` is a single-precision value, the integer has 32 bits.
struct ConvertedHalf {
  u32 value;
  Outcome outcome;
};
ConvertedHalf convert_half(const Environment& env, IntegerType type, Register single);

}  // namespace xs::ia64::fp
