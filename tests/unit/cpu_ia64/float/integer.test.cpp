// xma against GMP; merges, mixes and the others by example and by what they are used for (SDM vol. 3).
#include "sim/cpu_ia64/float/integer.h"

#include <gmp.h>

#include <catch2/catch.hpp>

#include "tests/unit/cpu_ia64/float/samples.h"
#include "tests/unit/cpu_ia64/float/vectors.h"

namespace xs::ia64::fp::test {
namespace {

/// Bits 64 to 127 or 0 to 63 of a * b + c in two's complement.
u64 big(bool is_signed, bool high, u64 a, u64 b, u64 c) {
  mpz_t x, y;
  mpz_init(x);
  mpz_init_set_ui(y, c);
  is_signed ? mpz_set_si(x, static_cast<i64>(a)) : mpz_set_ui(x, a);
  is_signed ? mpz_mul_si(x, x, static_cast<i64>(b)) : mpz_mul_ui(x, x, b);
  mpz_add(x, x, y);
  if (high) mpz_fdiv_q_2exp(x, x, 64);
  mpz_fdiv_r_2exp(x, x, 64);
  const u64 result = mpz_get_ui(x);
  mpz_clear(x);
  mpz_clear(y);
  return result;
}

TEST_CASE("xma is GMP's", "[ia64][float]") {
  Random random(41);
  const u64 edges[] = {0, 1, ~u64{0}, u64{1} << 63, (u64{1} << 63) - 1, 0xffff'ffff};
  const auto value = [&] {
    return random.one_in(3) ? edges[random.below(6)] : random.next() >> random.below(64);
  };
  for (int i = 0; i < vectors(200'000); ++i) {
    const u64 a = value(), b = value(), c = value();
    const Register f3 = integer(a), f4 = integer(b), f2 = integer(c);
    REQUIRE(xma(IntegerMultiply::low, f3, f4, f2) == integer(big(false, false, a, b, c)));
    REQUIRE(xma(IntegerMultiply::high, f3, f4, f2) == integer(big(true, true, a, b, c)));
    REQUIRE(xma(IntegerMultiply::high_unsigned, f3, f4, f2) == integer(big(false, true, a, b, c)));
  }
  CHECK(xma(IntegerMultiply::low, {3, 5}, {7, sign_bit}, zero()) == integer(21));  // only significands count
}

TEST_CASE("fmerge makes negation, absolute value and copysign", "[ia64][float]") {
  CHECK(fmerge(Merge::negated_sign, one(), one()) == minus_one);
  CHECK(fmerge(Merge::sign, zero(), minus_one) == one());
  CHECK(fmerge(Merge::sign, minus_one, two) == Register{two.significand, two.sign_exponent | sign_bit});
  CHECK(fmerge(Merge::sign_exponent, {1, 0x21234}, {7, 0x5}) == Register{7, 0x21234});
  CHECK(fmerge(Merge::negated_sign, quiet_one, quiet_one) == Register{quiet_one.significand, 0x3ffff});
}

constexpr Register left{0x8123'4567'89ab'cdef, 0x1003e}, right{0x7edc'ba98'f654'3210, 0x1003e};

TEST_CASE("parallel merges work on halves", "[ia64][float]") {
  CHECK(fpmerge(Merge::sign, left, right) == integer(0xfedc'ba98'f654'3210));
  CHECK(fpmerge(Merge::negated_sign, left, right) == integer(0x7edc'ba98'7654'3210));
  CHECK(fpmerge(Merge::sign_exponent, left, right) == integer(0x815c'ba98'89d4'3210));
}

TEST_CASE("mix, sign extension, swap, pack, select", "[ia64][float]") {
  CHECK(fmix(Mix::left, left, right) == integer(0x8123'4567'7edc'ba98));
  CHECK(fmix(Mix::right, left, right) == integer(0x89ab'cdef'f654'3210));
  CHECK(fmix(Mix::left_right, left, right) == integer(0x8123'4567'f654'3210));
  CHECK(fsxt(Half::left, left, right) == integer(0xffff'ffff'7edc'ba98));
  CHECK(fsxt(Half::right, right, left) == integer(0xffff'ffff'89ab'cdef));
  CHECK(fsxt(Half::left, right, left) == integer(0x0000'0000'8123'4567));
  CHECK(fswap(Swap::plain, left, right) == integer(0xf654'3210'8123'4567));
  CHECK(fswap(Swap::negate_left, left, right) == integer(0x7654'3210'8123'4567));
  CHECK(fswap(Swap::negate_right, left, right) == integer(0xf654'3210'0123'4567));
  CHECK(fpack(two, minus_one) == integer(0x4000'0000'bf80'0000));
  CHECK(fselect(left, right, integer(0xffff'ffff'0000'0000)) == integer(0x8123'4567'f654'3210));
}

TEST_CASE("logical operations", "[ia64][float]") {
  const u64 a = left.significand, b = right.significand;
  CHECK(flogical(Logical::conjunction, left, right) == integer(a & b));
  CHECK(flogical(Logical::and_complement, left, right) == integer(a & ~b));
  CHECK(flogical(Logical::disjunction, left, right) == integer(a | b));
  CHECK(flogical(Logical::exclusive, left, right) == integer(a ^ b));
}

TEST_CASE("a NaTVal comes through every one of them", "[ia64][float]") {
  const auto both = [](auto&& operation) {
    CHECK(operation(nat_value, one()) == nat_value);
    CHECK(operation(one(), nat_value) == nat_value);
  };
  for (const Merge merge : {Merge::sign, Merge::negated_sign, Merge::sign_exponent}) {
    both([&](Register a, Register b) { return fmerge(merge, a, b); });
    both([&](Register a, Register b) { return fpmerge(merge, a, b); });
  }
  both([](Register a, Register b) { return flogical(Logical::exclusive, a, b); });
  both([](Register a, Register b) { return fmix(Mix::left, a, b); });
  both([](Register a, Register b) { return fsxt(Half::left, a, b); });
  both([](Register a, Register b) { return fswap(Swap::plain, a, b); });
  both([](Register a, Register b) { return fpack(a, b); });
  both([](Register a, Register b) { return fselect(a, one(), b); });
  both([](Register a, Register b) { return fselect(one(), a, b); });
  both([](Register a, Register b) { return xma(IntegerMultiply::low, a, one(), b); });
  both([](Register a, Register b) { return xma(IntegerMultiply::high, one(), a, b); });
}

}  // namespace
}  // namespace xs::ia64::fp::test
