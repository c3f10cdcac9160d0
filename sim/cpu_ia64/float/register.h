// The 82-bit register format of IA-64 floating point, what its encodings mean, and its conversions to memory
// formats and general registers (SDM vol. 1, 5.1 and 5.3). Nothing here raises an exception.
//
//   81     80        64 63 62                   0
//   sign | exponent    | 1 . fraction             value = 1.fraction * 2^(exponent - 65535)
#pragma once
#include "sim/core/types.h"

namespace xs::ia64::fp {

inline constexpr u64 integer_bit = u64{1} << 63;
inline constexpr u64 quiet_bit = u64{1} << 62;
inline constexpr u32 sign_bit = 1u << 17;  ///< of sign_exponent

/// Values of the exponent field.
inline constexpr u32 exponent_mask = 0x1ffff;
inline constexpr u32 exponent_special = 0x1ffff;  ///< infinities and NaNs
inline constexpr u32 exponent_nat = 0x1fffe;      ///< NaTVal, with sign 0 and significand 0
inline constexpr u32 exponent_integer = 0x1003e;  ///< integers and parallel values: bit 0 weighs 1
inline constexpr i32 exponent_bias = 0xffff;
/// What exponent field 0 with a non-zero significand stands for: double-extended (pseudo-)denormals.
inline constexpr i32 exponent_extended_minimum = 0x0c001;

/// One floating-point register; the two words are those which stf.spill writes.
struct Register {
  u64 significand = 0;
  u32 sign_exponent = 0;

  constexpr bool negative() const { return (sign_exponent & sign_bit) != 0; }
  constexpr u32 exponent() const { return sign_exponent & exponent_mask; }
  constexpr bool operator==(const Register&) const = default;
};

constexpr u32 sign_field(bool negative) { return negative ? sign_bit : 0; }
constexpr Register zero(bool negative = false) { return {0, sign_field(negative)}; }
constexpr Register infinity(bool negative = false) {
  return {integer_bit, sign_field(negative) | exponent_special};
}
constexpr Register one() { return {integer_bit, u32{exponent_bias}}; }
/// setf.sig, ldf8, and every instruction whose result is an integer or a pair of singles.
constexpr Register integer(u64 value) { return {value, exponent_integer}; }
inline constexpr Register nat_value{0, exponent_nat};
/// Response to a disabled invalid operation (SDM vol. 1, table 5-2).
inline constexpr Register quiet_indefinite{integer_bit | quiet_bit, sign_bit | exponent_special};

constexpr bool is_nat(Register r) { return r.significand == 0 && r.sign_exponent == exponent_nat; }

enum class Class : u8 {
  zero,
  unnormal,  ///< integer bit clear (pseudo-zeros too), or exponent 0: denormals and pseudo-denormals
  normal,
  infinity,
  signaling,
  quiet,
  nat,
  unsupported  ///< pseudo-infinities and pseudo-NaNs
};
Class classify(Register r);

/// Immediate of fclass.m (SDM vol. 3, fclass): sign and kind are asked separately.
namespace class_test {
inline constexpr u32 positive = 0x001, negative = 0x002, zero = 0x004, unnormal = 0x008, normal = 0x010,
                     infinity = 0x020, signaling = 0x040, quiet = 0x080, nat = 0x100;
}
struct Predicates {
  bool first = false, second = false;
  bool operator==(const Predicates&) const = default;
};
/// Both predicates are clear for a NaTVal that was not asked for.
Predicates fclass(Register r, u32 test);

// Into a register: ldfs, ldfd, ldfe, ldf8, ldf.fill, setf.

/// One rule for singles and doubles: `exponent` and `fraction` are fields of the memory format, `bias_shift`
/// is what turns its biased exponent into the register's, `shift` puts its fraction below the integer bit.
constexpr Register from_fields(bool negative, u32 exponent, u32 all_ones, u64 fraction, u32 bias_shift,
                               unsigned shift) {
  const u32 sign = sign_field(negative);
  const u64 low = fraction << shift;
  if (exponent == all_ones) return {integer_bit | low, sign | exponent_special};
  if (exponent != 0) return {integer_bit | low, sign | (exponent + bias_shift)};
  return {low, low == 0 ? sign : sign | (bias_shift + 1)};
}
constexpr Register from_single(u32 memory) {
  return from_fields(memory >> 31 != 0, memory >> 23 & 0xff, 0xff, memory & 0x7f'ffff, 0xff80, 40);
}
constexpr Register from_double(u64 memory) {
  return from_fields(memory >> 63 != 0, static_cast<u32>(memory >> 52) & 0x7ff, 0x7ff,
                     memory & 0xf'ffff'ffff'ffff, 0xfc00, 11);
}
/// Denormals keep exponent 0, and encodings without an integer bit stay as they are.
constexpr Register from_extended(u64 significand, u16 sign_exponent) {
  const u32 exponent = sign_exponent & 0x7fffu;
  const u32 field = exponent == 0x7fff ? exponent_special : exponent == 0 ? 0 : exponent + 0xc000;
  return {significand, sign_field(sign_exponent >> 15 != 0) | field};
}
constexpr Register from_spill(u64 low, u64 high) {
  return {low, static_cast<u32>(high & (sign_bit | exponent_mask))};
}
/// setf.exp
constexpr Register from_exponent(u64 general) {
  return {integer_bit, static_cast<u32>(general & (sign_bit | exponent_mask))};
}

// Out of a register: stfs, stfd, stfe, stf8, stf.spill, getf. The value is taken to fit the format: bits are
// picked, nothing is rounded (SDM vol. 1, 5.3). The core raises the NaT consumption fault before it stores a
// NaTVal other than by stf.spill.

constexpr u32 to_single(Register r) {
  const u32 exponent = (r.sign_exponent >> 16 & 1) << 7 | (r.sign_exponent & 0x7f);
  const u32 kept = (r.significand & integer_bit) != 0 ? exponent : 0;
  return u32{r.negative()} << 31 | kept << 23 | static_cast<u32>(r.significand >> 40 & 0x7f'ffff);
}
constexpr u64 to_double(Register r) {
  const u64 exponent = (r.sign_exponent >> 16 & 1) << 10 | (r.sign_exponent & 0x3ff);
  const u64 kept = (r.significand & integer_bit) != 0 ? exponent : 0;
  return u64{r.negative()} << 63 | kept << 52 | (r.significand >> 11 & 0xf'ffff'ffff'ffff);
}
/// Upper 16 bits of the 80-bit format; the lower 64 are the significand.
constexpr u16 to_extended_sign_exponent(Register r) {
  return static_cast<u16>(u32{r.negative()} << 15 | (r.sign_exponent >> 16 & 1) << 14 |
                          (r.sign_exponent & 0x3fff));
}

}  // namespace xs::ia64::fp
