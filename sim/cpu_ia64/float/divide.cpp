#include "sim/cpu_ia64/float/divide.h"

#include "sim/cpu_ia64/float/round.h"

namespace xs::ia64::fp {

namespace {
/// floor(sqrt(n)) for n in [2^126, 2^128), one bit of the root at a time.
u64 integer_root(u128 n) {
  u64 root = 0;
  for (u64 bit = integer_bit; bit != 0; bit >>= 1)
    if (const u64 next = root | bit; static_cast<u128>(next) * next <= n) root = next;
  return root;
}

constexpr u64 rest_of(bool half, bool inexact) { return (half ? integer_bit : 0) | u64{inexact}; }
}  // namespace

Result divide(const Environment& env, const Operand& a, const Operand& b) {
  const bool below_one = a.significand < b.significand;
  const u128 scaled = static_cast<u128>(a.significand) << (below_one ? 64 : 63);
  const u128 divisor = b.significand;
  const u64 quotient = static_cast<u64>(scaled / divisor);
  const u128 twice = (scaled % divisor) << 1;
  const u64 rest = twice == divisor ? integer_bit : rest_of(twice > divisor, twice != 0);
  return round(env, {quotient, rest, a.exponent - b.exponent + exponent_bias - (below_one ? 1 : 0),
                     a.negative != b.negative});
}

Result square_root(const Environment& env, const Operand& x) {
  const i32 exponent = x.exponent - exponent_bias;
  const u128 n = static_cast<u128>(x.significand) << ((exponent & 1) != 0 ? 64 : 63);
  const u64 root = integer_root(n);
  const u128 remainder = n - static_cast<u128>(root) * root;
  // (root + 1/2)^2 is not an integer: a remainder is above or below the half, never on it.
  return round(env,
               {root, rest_of(remainder > root, remainder != 0), (exponent >> 1) + exponent_bias, false});
}

}  // namespace xs::ia64::fp
