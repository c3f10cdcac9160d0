// fcvt.fx, fcvt.fxu, fcvt.xf and the 32-bit conversions of fpcvt against MPFR; what cannot be converted by
// table.
#include "sim/cpu_ia64/float/convert.h"

#include <catch2/catch.hpp>

#include "tests/unit/cpu_ia64/float/samples.h"
#include "tests/unit/cpu_ia64/float/vectors.h"

namespace xs::ia64::fp::test {
namespace {

struct Wanted {
  u64 value;
  Outcome outcome;
};

Wanted wanted(Register r, IntegerType type, unsigned bits, const Rules& rules) {
  Real x(r), whole(80);
  mpfr_rint(whole.get(), x.get(), rules.rounding);
  Real least(80), most(80);
  const bool is_signed = type == IntegerType::signed_integer;
  mpfr_set_si_2exp(least.get(), is_signed ? -1 : 0, bits - 1, MPFR_RNDN);
  mpfr_set_si_2exp(most.get(), 1, is_signed ? bits - 1 : bits, MPFR_RNDN);
  const u8 enabled = static_cast<u8>(~rules.disabled);
  if (mpfr_less_p(whole.get(), least.get()) != 0 || mpfr_greaterequal_p(whole.get(), most.get()) != 0) {
    const u64 indefinite = u64{1} << (bits - 1);
    return {indefinite, (enabled & 1) != 0 ? Outcome{.fault = 1} : Outcome{.flags = 1}};
  }
  Wanted want{};
  if (is_unnormal(r)) {
    if ((enabled & 2) != 0) return {0, {.fault = 2}};
    want.outcome.flags = 2;
  }
  want.value =
      is_signed ? static_cast<u64>(mpfr_get_si(whole.get(), MPFR_RNDN)) : mpfr_get_ui(whole.get(), MPFR_RNDN);
  if (mpfr_equal_p(whole.get(), x.get()) != 0) return want;
  want.outcome.flags |= 32;
  want.outcome.trap = enabled & 32;
  want.outcome.rounded_up = mpfr_cmpabs(whole.get(), x.get()) > 0;
  return want;
}

/// Around the limits of 32 and 64 bits, around one half, and anywhere.
Register candidate(Random& random) {
  constexpr int exponents[] = {-2, -1, 0, 22, 30, 31, 32, 61, 62, 63, 64};
  if (random.one_in(5)) return finite(random, -126, 127);
  Register r = normal(hard_significand(random), exponents[random.below(11)], random.one_in(2));
  if (random.one_in(8)) r.significand >>= random.below(64);
  return r;
}

constexpr IntegerType types[] = {IntegerType::signed_integer, IntegerType::unsigned_integer};

TEST_CASE("conversions to 64-bit integers are MPFR's", "[ia64][float]") {
  Random random(21);
  for (int i = 0; i < vectors(300'000); ++i) {
    const Setting setting = random_setting(random, Completer::dynamic);
    const Register r = candidate(random);
    for (const IntegerType type : types) {
      Rules rules = setting.rules();
      Environment env = setting.environment();
      if (random.one_in(3)) {
        rules.rounding = MPFR_RNDZ;
        env = truncating(env);
      }
      const Wanted want = wanted(r, type, 64, rules);
      const Result got = fcvt_to_integer(env, type, r);
      if (got.outcome == want.outcome && (want.outcome.fault != 0 || got.value() == integer(want.value)))
        continue;
      INFO(r << ' ' << describe(setting));
      CHECK(got.outcome == want.outcome);
      REQUIRE(got.value() == integer(want.value));
    }
  }
  SUCCEED();
}

TEST_CASE("conversions of singles to 32-bit integers are MPFR's", "[ia64][float]") {
  Random random(22);
  for (int i = 0; i < vectors(150'000); ++i) {
    const Setting setting = random_setting(random, Completer::parallel);
    Register r = candidate(random);
    r.significand = r.significand >> 40 << 40;
    for (const IntegerType type : types) {
      const Wanted want = wanted(r, type, 32, setting.rules());
      const ConvertedHalf got = convert_half(setting.environment(), type, r);
      if (got.outcome == want.outcome &&
          (want.outcome.fault != 0 || got.value == static_cast<u32>(want.value)))
        continue;
      INFO(r << ' ' << describe(setting));
      CHECK(got.outcome == want.outcome);
      REQUIRE(got.value == static_cast<u32>(want.value));
    }
  }
  SUCCEED();
}

TEST_CASE("what is no number converts to the integer indefinite", "[ia64][float]") {
  for (const Register r : {infinity(), infinity(true), quiet_one, signaling, pseudo_infinity, pseudo_nan}) {
    for (const IntegerType type : types) {
      CHECK(fcvt_to_integer(masked(), type, r).value() == integer(u64{1} << 63));
      CHECK(fcvt_to_integer(masked(), type, r).outcome == Outcome{.flags = exception::invalid});
      CHECK(fcvt_to_integer(with_enabled(63), type, r).outcome == Outcome{.fault = exception::invalid});
      CHECK(convert_half(masked(), type, r).value == 0x8000'0000);
    }
  }
  CHECK(fcvt_to_integer(with_enabled(63), types[0], nat_value).value() == nat_value);
  CHECK(fcvt_to_integer(with_enabled(63), types[0], nat_value).outcome == Outcome{});
}

TEST_CASE("zeros convert to zero", "[ia64][float]") {
  for (const Register r : {zero(), zero(true)}) {
    CHECK(fcvt_to_integer(masked(), types[1], r).value() == integer(0));
    CHECK(fcvt_to_integer(masked(), types[1], r).outcome == Outcome{});
  }
  CHECK(fcvt_to_integer(masked(), types[0], minus_pseudo_zero).outcome ==
        Outcome{.flags = exception::denormal});
}

TEST_CASE("fcvt.xf is exact", "[ia64][float]") {
  Random random(23);
  for (int i = 0; i < vectors(100'000); ++i) {
    const u64 value = random.next() >> random.below(64) << random.below(64);
    const Register got = fcvt_xf(integer(value));
    Real x(got);
    REQUIRE(mpfr_cmp_si(x.get(), static_cast<i64>(value)) == 0);
    REQUIRE((value == 0 ? got == zero() : got.significand >> 63 == 1));
  }
  CHECK(fcvt_xf(nat_value) == nat_value);
  CHECK(fcvt_xf(integer(u64{1} << 63)) == Register{u64{1} << 63, 0x3003e});
}

}  // namespace
}  // namespace xs::ia64::fp::test
