#include "sim/cpu_ia64/float/round.h"

namespace xs::ia64::fp {

namespace {
struct Cut {
  u64 significand;
  bool carry;  ///< the significand grew to 2^64 and was halved
  bool inexact, up;
};

Cut cut(const Environment& env, u64 significand, u64 rest, bool negative) {
  const unsigned drop = 64u - env.precision;
  const u64 unit = u64{1} << drop;
  const u64 fraction = drop == 0 ? rest : significand << (64 - drop) | u64{rest != 0};
  const bool up = rounds_up(env.rounding, negative, (significand & unit) != 0, fraction);
  const u64 kept = (significand & -unit) + (up ? unit : 0);
  const bool carry = up && kept == 0;
  return {carry ? integer_bit : kept, carry, fraction != 0, up};
}

/// An exponent outside of the destination's range, as an enabled trap delivers it.
u32 wrap(const Environment& env, i32 exponent) {
  constexpr i32 single_shift = 0xff80;
  if (env.parallel) return static_cast<u32>(((exponent - single_shift) & 0xff) + single_shift);
  return static_cast<u32>(exponent) & exponent_mask;
}

Outcome inexact_outcome(const Environment& env, u8 other, bool up) {
  Outcome outcome{.flags = static_cast<u8>(other | exception::inexact), .rounded_up = up};
  if ((env.disabled & exception::inexact) == 0) outcome.trap = exception::inexact;
  return outcome;
}

/// Overflow or underflow with its trap enabled: rounded as though the exponent were unbounded. The trap
/// handler needs I and fpa as well, whether or not inexact is enabled.
Result unbounded(const Environment& env, const Exact& x, const Cut& c, i32 exponent, u8 what) {
  const u8 raised = static_cast<u8>(what | (c.inexact ? exception::inexact : 0));
  return {{c.significand, sign_field(x.negative) | wrap(env, exponent)},
          {.flags = raised, .trap = raised, .rounded_up = c.up}};
}

Result overflow(const Environment& env, const Exact& x, const Cut& c, i32 exponent) {
  if ((env.disabled & exception::overflow) == 0) return unbounded(env, x, c, exponent, exception::overflow);
  const bool to_infinity = rounds_up(env.rounding, x.negative, true, ~u64{0});
  const Register greatest{~u64{0} << (64u - env.precision),
                          sign_field(x.negative) | static_cast<u32>(env.maximum)};
  return {to_infinity ? infinity(x.negative) : greatest,
          inexact_outcome(env, exception::overflow, to_infinity)};
}

/// Tininess is found after rounding; with the trap disabled the exact value is denormalized and rounded
/// again, and underflow is signaled only if that is inexact (SDM vol. 1, 5.4.3).
Result underflow(const Environment& env, const Exact& x, const Cut& c, i32 exponent) {
  if ((env.disabled & exception::underflow) == 0) return unbounded(env, x, c, exponent, exception::underflow);
  if (env.flush_to_zero) return {zero(x.negative), inexact_outcome(env, exception::underflow, false)};
  const auto [high, low] = shift_right(x.significand, x.rest, static_cast<u32>(env.minimum - x.exponent));
  const Cut d = cut(env, high, low, x.negative);
  const Outcome outcome = d.inexact ? inexact_outcome(env, exception::underflow, d.up) : Outcome{};
  if (d.significand == 0) return {zero(x.negative), outcome};
  const bool denormal = (d.significand & integer_bit) == 0;
  // Double-extended denormals have an encoding of their own (SDM vol. 1, 5.1.3).
  const u32 field = denormal && env.minimum == exponent_extended_minimum ? 0 : static_cast<u32>(env.minimum);
  return {{d.significand, sign_field(x.negative) | field}, outcome};
}
}  // namespace

Shifted shift_right(u64 high, u64 low, u32 count) {
  if (count == 0) return {high, low};
  if (count < 64) {
    const bool lost = low << (64 - count) != 0;
    return {high >> count, (high << (64 - count)) | low >> count | u64{lost}};
  }
  // The integer bit is still there: what falls off behind it cannot be the only thing that is not zero.
  if (count < 128) return {0, high >> (count - 64) | u64{low != 0}};
  return {0, 1};
}

Result round(const Environment& env, const Exact& x) {
  const Cut c = cut(env, x.significand, x.rest, x.negative);
  const i32 exponent = x.exponent + (c.carry ? 1 : 0);
  if (exponent > env.maximum) return overflow(env, x, c, exponent);
  if (exponent < env.minimum) return underflow(env, x, c, exponent);
  return {{c.significand, sign_field(x.negative) | static_cast<u32>(exponent)},
          c.inexact ? inexact_outcome(env, 0, c.up) : Outcome{}};
}

}  // namespace xs::ia64::fp
