// frcpa and frsqrta: where they answer an approximation, how good it is, and the results that they give
// themselves.
#include "sim/cpu_ia64/float/approximate.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/unit/cpu_ia64/float/samples.h"
#include "tests/unit/cpu_ia64/float/vectors.h"

namespace xs::ia64::fp::test {
namespace {

TEST_CASE("frcpa answers the quotient where the iteration could leave the range", "[ia64][float]") {
  Random random(57);
  int quotients = 0, approximations = 0;
  for (int i = 0; i < vectors(200'000); ++i) {
    const Setting setting = random_setting(random, Completer::dynamic);
    const Register a =
        normal(hard_significand(random), hard_exponent(random, -65534, 65535), random.one_in(2));
    const Register b =
        normal(hard_significand(random), hard_exponent(random, -65534, 65535), random.one_in(2));
    const Approximation got = frcpa(setting.environment(), a, b);
    INFO(a << " / " << b << ' ' << describe(setting));
    if (got.predicate) {
      ++approximations;
      Real x(b), y(got.value), product;
      mpfr_mul(product.get(), x.get(), y.get(), MPFR_RNDN);
      mpfr_sub_ui(product.get(), product.get(), 1, MPFR_RNDN);
      REQUIRE(std::fabs(mpfr_get_d(product.get(), MPFR_RNDA)) < std::exp2(-8.886));
    } else {
      ++quotients;
      const Result want = compute(Operation::divide, a, b, zero(), setting.rules());
      REQUIRE(got.value == want.value());
      REQUIRE(got.outcome == want.outcome);
    }
  }
  CHECK(quotients > vectors(40'000));
  CHECK(approximations > vectors(40'000));
}

struct Limit {
  int a, b;  ///< exponents
  bool predicate;
};

TEST_CASE("frcpa's limits", "[ia64][float]") {
  const Limit rows[] = {
      {-65471, 0, false},   {-65470, 0, true},   {-65470, -100, true}, {-65471, -100, false},
      {0, 65533, false},    {0, 65532, true},    {65533, 65532, true}, {65533, 65533, false},
      {65534, 0, true},     {65535, 0, false},   {65500, -35, false},  {65500, -34, true},
      {-65433, 100, false}, {-65432, 100, true}, {0, -65534, true},    {1, -65534, false}};
  for (const Limit& row : rows) {
    INFO(row.a << ' ' << row.b);
    CHECK(frcpa(masked(), normal(integer_bit, row.a, false), normal(integer_bit, row.b, false)).predicate ==
          row.predicate);
  }
  const Register below{u64{1} << 62, 1};  // 2^-65535, unnormal
  CHECK_FALSE(frcpa(masked(), normal(integer_bit, -2, false), below).predicate);
}

TEST_CASE("frsqrta answers the root of the smallest numbers", "[ia64][float]") {
  Random random(58);
  for (int i = 0; i < vectors(60'000); ++i) {
    const Setting setting = random_setting(random, Completer::dynamic);
    const int exponent = -65534 + static_cast<int>(random.below(80));
    const Register a = normal(hard_significand(random), exponent, false);
    const Approximation got = frsqrta(setting.environment(), a);
    REQUIRE(got.predicate == (exponent > -65471));
    if (got.predicate) continue;
    const Result want = compute(Operation::square_root, a, zero(), zero(), setting.rules());
    REQUIRE(got.value == want.value());
    REQUIRE(got.outcome == want.outcome);
  }
}

struct SpecialQuotient {
  Register a, b, value;
  u8 flags;
};

TEST_CASE("frcpa of special operands is the quotient, with p2 clear", "[ia64][float]") {
  const Register minus_infinity = infinity(true);
  const SpecialQuotient rows[] = {
      {one(), zero(), infinity(), exception::zero_divide},
      {minus_one, zero(), minus_infinity, exception::zero_divide},
      {one(), minus_pseudo_zero, minus_infinity, exception::zero_divide},
      {denormal, zero(), infinity(), exception::zero_divide},
      {zero(), zero(true), quiet_indefinite, exception::invalid},
      {zero(), pseudo_zero, quiet_indefinite, exception::invalid},
      {infinity(), minus_infinity, quiet_indefinite, exception::invalid},
      {infinity(), zero(true), minus_infinity, 0},
      {infinity(), unnormal_one, infinity(), exception::denormal},
      {zero(), minus_one, zero(true), 0},
      {pseudo_zero, one(), zero(), exception::denormal},
      {minus_one, infinity(), zero(true), 0},
      {quiet_one, quiet_two, quiet_one, 0},
      {one(), quiet_two, quiet_two, 0},
      {quiet_one, signaling, quiet_one, exception::invalid},
      {one(), signaling, {signaling.significand | quiet_bit, signaling.sign_exponent}, exception::invalid},
      {quiet_one, pseudo_nan, quiet_indefinite, exception::invalid},
      {pseudo_infinity, zero(), quiet_indefinite, exception::invalid},
      {nat_value, pseudo_nan, nat_value, 0},
      {signaling, nat_value, nat_value, 0},
  };
  for (const SpecialQuotient& row : rows) {
    INFO(row.a << " / " << row.b);
    const Approximation got = frcpa(masked(), row.a, row.b);
    CHECK(got.value == row.value);
    CHECK_FALSE(got.predicate);
    CHECK(got.outcome == Outcome{.flags = row.flags});
    const Approximation enabled = frcpa(with_enabled(exception::all), row.a, row.b);
    CHECK(enabled.outcome == Outcome{.fault = row.flags});
    CHECK_FALSE(enabled.predicate);
  }
  CHECK(frcpa(masked(), unnormal_one, two).outcome == Outcome{.flags = exception::denormal});
  CHECK(frcpa(masked(), unnormal_one, two).predicate);
  CHECK_FALSE(frcpa(with_enabled(exception::denormal), unnormal_one, two).predicate);
}

TEST_CASE("frsqrta of special operands is the root, with p2 clear", "[ia64][float]") {
  const SpecialQuotient rows[] = {
      {zero(), {}, zero(), 0},
      {zero(true), {}, zero(true), 0},
      {minus_pseudo_zero, {}, zero(true), exception::denormal},
      {infinity(), {}, infinity(), 0},
      {infinity(true), {}, quiet_indefinite, exception::invalid},
      {minus_one, {}, quiet_indefinite, exception::invalid},
      {{u64{1} << 40, sign_bit}, {}, quiet_indefinite, exception::invalid},
      {quiet_two, {}, quiet_two, 0},
      {signaling, {}, {signaling.significand | quiet_bit, signaling.sign_exponent}, exception::invalid},
      {pseudo_infinity, {}, quiet_indefinite, exception::invalid},
      {nat_value, {}, nat_value, 0},
  };
  for (const SpecialQuotient& row : rows) {
    INFO(row.a);
    const Approximation got = frsqrta(masked(), row.a);
    CHECK(got.value == row.value);
    CHECK_FALSE(got.predicate);
    CHECK(got.outcome == Outcome{.flags = row.flags});
    CHECK(frsqrta(with_enabled(exception::all), row.a).outcome == Outcome{.fault = row.flags});
  }
}

}  // namespace
}  // namespace xs::ia64::fp::test
