#include "sim/cpu_ia64/float/convert.h"

#include "sim/cpu_ia64/float/round.h"

namespace xs::ia64::fp {

namespace {
struct Converted {
  u64 value;
  Outcome outcome;
};

struct Magnitude {
  u64 value;
  bool inexact, up;
};

/// Rounds a finite number below 2^64 to an integer.
Magnitude round_to_integer(const Environment& env, const Operand& x) {
  const u32 places = static_cast<u32>(exponent_bias + 63 - x.exponent);  // bits behind the binary point
  const auto [whole, rest] = shift_right(x.significand, 0, places);
  const bool up = rounds_up(env.rounding, x.negative, (whole & 1) != 0, rest);
  return {whole + (up ? 1 : 0), rest != 0, up};
}

/// Range is judged after rounding: -0.4 converts to the unsigned 0.
bool fits(u64 magnitude, bool negative, IntegerType type, unsigned bits) {
  if (type == IntegerType::unsigned_integer) return negative ? magnitude == 0 : magnitude >> (bits - 1) <= 1;
  const u64 limit = u64{1} << (bits - 1);
  return negative ? magnitude <= limit : magnitude < limit;
}

Converted convert(const Environment& env, IntegerType type, unsigned bits, const Operand& x) {
  const Converted bad{u64{1} << (bits - 1), raise(env, exception::invalid)};
  const bool finite = x.kind == Kind::finite;
  if ((!finite && x.kind != Kind::zero) || (finite && x.exponent > exponent_bias + 63)) return bad;
  const Magnitude m = finite ? round_to_integer(env, x) : Magnitude{};
  if (!fits(m.value, x.negative, type, bits)) return bad;
  Converted result{x.negative ? -m.value : m.value, check_unnormal(env, x.unnormal)};
  if (result.outcome.fault != 0 || !m.inexact) return result;
  result.outcome.flags |= exception::inexact;
  result.outcome.trap = static_cast<u8>(exception::inexact & ~env.disabled);
  result.outcome.rounded_up = m.up;
  return result;
}
}  // namespace

Result fcvt_to_integer(const Environment& env, IntegerType type, Register f2) {
  const Operand x = unpack(f2);
  if (x.kind == Kind::nat) return {nat_value, {}};
  const Converted c = convert(env, type, 64, x);
  return {integer(c.value), c.outcome};
}

ConvertedHalf convert_half(const Environment& env, IntegerType type, Register single) {
  const Converted c = convert(env, type, 32, unpack(single));
  return {static_cast<u32>(c.value), c.outcome};
}

Register fcvt_xf(Register f2) {
  if (is_nat(f2)) return nat_value;
  const bool negative = (f2.significand & integer_bit) != 0;
  const u64 magnitude = negative ? -f2.significand : f2.significand;
  if (magnitude == 0) return zero();
  const int leading = std::countl_zero(magnitude);
  return {magnitude << leading, sign_field(negative) | (exponent_integer - static_cast<u32>(leading))};
}

}  // namespace xs::ia64::fp
