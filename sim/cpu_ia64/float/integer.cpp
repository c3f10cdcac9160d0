#include "sim/cpu_ia64/float/integer.h"

namespace xs::ia64::fp {

namespace {
__extension__ using i128 = __int128;
__extension__ using u128 = unsigned __int128;

constexpr u32 left_of(Register r) { return static_cast<u32>(r.significand >> 32); }
constexpr u32 right_of(Register r) { return static_cast<u32>(r.significand); }
constexpr Register pair(u32 left, u32 right) { return integer(u64{left} << 32 | right); }
constexpr bool any_nat(Register a, Register b) { return is_nat(a) || is_nat(b); }
constexpr u32 single_sign = 1u << 31;
}  // namespace

Register fmerge(Merge merge, Register f2, Register f3) {
  if (any_nat(f2, f3)) return nat_value;
  if (merge == Merge::sign_exponent) return {f3.significand, f2.sign_exponent};
  const bool negative = f2.negative() != (merge == Merge::negated_sign);
  return {f3.significand, sign_field(negative) | f3.exponent()};
}

Register fpmerge(Merge merge, Register f2, Register f3) {
  if (any_nat(f2, f3)) return nat_value;
  constexpr u64 signs = u64{single_sign} << 32 | single_sign, sign_exponents = 0xff80'0000'ff80'0000;
  const u64 mask = merge == Merge::sign_exponent ? sign_exponents : signs;
  const u64 from = merge == Merge::negated_sign ? ~f2.significand : f2.significand;
  return integer((from & mask) | (f3.significand & ~mask));
}

Register flogical(Logical operation, Register f2, Register f3) {
  if (any_nat(f2, f3)) return nat_value;
  switch (operation) {
    case Logical::conjunction:
      return integer(f2.significand & f3.significand);
    case Logical::and_complement:
      return integer(f2.significand & ~f3.significand);
    case Logical::disjunction:
      return integer(f2.significand | f3.significand);
    case Logical::exclusive:
      break;
  }
  return integer(f2.significand ^ f3.significand);
}

Register fselect(Register f3, Register f4, Register f2) {
  if (any_nat(f3, f4) || is_nat(f2)) return nat_value;
  return integer((f3.significand & f2.significand) | (f4.significand & ~f2.significand));
}

Register fmix(Mix mix, Register f2, Register f3) {
  if (any_nat(f2, f3)) return nat_value;
  return pair(mix == Mix::right ? right_of(f2) : left_of(f2), mix == Mix::left ? left_of(f3) : right_of(f3));
}

Register fsxt(Half half, Register f2, Register f3) {
  if (any_nat(f2, f3)) return nat_value;
  const u32 from = half == Half::left ? left_of(f2) : right_of(f2);
  return pair((from & single_sign) != 0 ? ~0u : 0, half == Half::left ? left_of(f3) : right_of(f3));
}

Register fswap(Swap swap, Register f2, Register f3) {
  if (any_nat(f2, f3)) return nat_value;
  const u32 left = swap == Swap::negate_left ? single_sign : 0;
  const u32 right = swap == Swap::negate_right ? single_sign : 0;
  return pair(right_of(f3) ^ left, left_of(f2) ^ right);
}

Register fpack(Register f2, Register f3) {
  if (any_nat(f2, f3)) return nat_value;
  return pair(to_single(f2), to_single(f3));
}

Register xma(IntegerMultiply part, Register f3, Register f4, Register f2) {
  if (any_nat(f3, f4) || is_nat(f2)) return nat_value;
  const u128 addend = f2.significand;
  const u128 product = part == IntegerMultiply::high
                           ? static_cast<u128>(static_cast<i128>(static_cast<i64>(f3.significand)) *
                                               static_cast<i64>(f4.significand))
                           : static_cast<u128>(f3.significand) * f4.significand;
  const u128 sum = product + addend;
  return integer(static_cast<u64>(part == IntegerMultiply::low ? sum : sum >> 64));
}

}  // namespace xs::ia64::fp
