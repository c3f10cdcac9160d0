// Multiply-add of everything that is not a plain number: all triples of the encoding classes against the
// manual's rules (SDM vol. 1, 5.1.3, 5.4.1), and the signs of zeros.
#include <catch2/catch.hpp>
#include <optional>

#include "sim/cpu_ia64/float/fma.h"
#include "tests/unit/cpu_ia64/float/samples.h"
#include "tests/unit/cpu_ia64/float/vectors.h"

namespace xs::ia64::fp::test {
namespace {

/// Result and flag while all is disabled; nothing when arithmetic decides.
std::optional<Result> ruled(Register f3, Register f4, Register f2) {
  const Register by_precedence[] = {f4, f2, f3};
  u8 flags = 0;
  for (const Register r : by_precedence)
    if (r == nat_value) return Result{nat_value, {}};
  for (const Register r : by_precedence)
    if (is_unsupported(r)) return Result{quiet_indefinite, {.flags = exception::invalid}};
  for (const Register r : by_precedence)
    if (is_signaling(r)) flags = exception::invalid;
  for (const Register r : by_precedence)
    if (is_nan(r)) return Result{quieted(r), {.flags = flags}};
  const bool negative = f3.negative() != f4.negative();
  const bool product = is_infinity(f3) || is_infinity(f4);
  if (!product && !is_infinity(f2)) return std::nullopt;
  const bool by_zero = f3 == zero() || f3 == zero(true) || f4 == zero() || f4 == zero(true);
  if (product && (by_zero || (is_infinity(f2) && f2.negative() != negative)))
    return Result{quiet_indefinite, {.flags = exception::invalid}};
  flags = is_unnormal(f3) || is_unnormal(f4) || is_unnormal(f2) ? exception::denormal : u8{0};
  return Result{infinity(product ? negative : f2.negative()), {.flags = flags}};
}

TEST_CASE("every triple of special operands", "[ia64][float]") {
  int ruled_count = 0;
  for (const Register f3 : samples()) {
    for (const Register f4 : samples()) {
      for (const Register f2 : samples()) {
        const auto want = ruled(f3, f4, f2);
        if (!want) continue;
        ++ruled_count;
        INFO("f3 " << f3 << " f4 " << f4 << " f2 " << f2);
        const Result got = multiply_add(masked(), MultiplyAdd::add, f3, f4, f2);
        REQUIRE(got.value() == want->value());
        REQUIRE(got.outcome == want->outcome);
        const Result enabled = multiply_add(with_enabled(exception::all), MultiplyAdd::add, f3, f4, f2);
        REQUIRE(enabled.outcome == Outcome{.fault = want->outcome.flags});
      }
    }
  }
  CHECK(ruled_count > 4000);
}

TEST_CASE("a product of infinity and a pseudo-zero is infinity", "[ia64][float]") {
  const Result r = multiply_add(masked(), MultiplyAdd::add, infinity(true), pseudo_zero, zero());
  CHECK(r.value() == infinity(true));
  CHECK(r.outcome == Outcome{.flags = exception::denormal});
  CHECK(multiply_add(masked(), MultiplyAdd::add, infinity(), zero(), one()).value() == quiet_indefinite);
}

TEST_CASE("a NaN keeps sign and payload through fms and fnma", "[ia64][float]") {
  for (const MultiplyAdd kind : {MultiplyAdd::add, MultiplyAdd::subtract, MultiplyAdd::negate}) {
    CHECK(multiply_add(masked(), kind, one(), one(), quiet_two).value() == quiet_two);
    CHECK(multiply_add(masked(), kind, quiet_two, one(), one()).value() == quiet_two);
    CHECK(multiply_add(masked(), kind, quiet_one, quiet_two, one()).value() == quiet_two);
    CHECK(multiply_add(masked(), kind, quiet_one, one(), quiet_two).value() == quiet_two);
    CHECK(multiply_add(masked(), kind, signaling, one(), quiet_two).outcome.flags == exception::invalid);
  }
}

TEST_CASE("infinities subtract as fms and fnma say", "[ia64][float]") {
  CHECK(multiply_add(masked(), MultiplyAdd::subtract, one(), infinity(), infinity()).value() ==
        quiet_indefinite);
  CHECK(multiply_add(masked(), MultiplyAdd::negate, one(), infinity(), infinity()).value() ==
        quiet_indefinite);
  CHECK(multiply_add(masked(), MultiplyAdd::subtract, one(), infinity(), infinity(true)).value() ==
        infinity());
  CHECK(multiply_add(masked(), MultiplyAdd::subtract, one(), one(), infinity()).value() == infinity(true));
  CHECK(multiply_add(masked(), MultiplyAdd::negate, one(), infinity(), one()).value() == infinity(true));
}

TEST_CASE("signs of zero sums follow the rounding mode, those of products the operands", "[ia64][float]") {
  for (unsigned rc = 0; rc < 4; ++rc) {
    const Environment env = environment(default_fpsr | u64{rc} << 10, 0, Completer::dynamic);
    const bool down = rc == 1;
    const auto sum = [&](Register a, Register b) {
      return multiply_add(env, MultiplyAdd::add, a, one(), b).value();
    };
    CHECK(sum(one(), minus_one) == zero(down));
    CHECK(sum(zero(), zero(true)) == zero(down));
    CHECK(sum(zero(true), zero()) == zero(down));
    CHECK(sum(zero(true), zero(true)) == zero(true));
    CHECK(sum(zero(), zero()) == zero());
    CHECK(sum(zero(true), minus_pseudo_zero) == zero(true));
    CHECK(multiply_add(env, MultiplyAdd::add, zero(true), one(), std::nullopt).value() == zero(true));
    CHECK(multiply_add(env, MultiplyAdd::negate, zero(true), one(), std::nullopt).value() == zero());
    CHECK(multiply_add(env, MultiplyAdd::add, pseudo_zero, minus_one, std::nullopt).value() == zero(true));
  }
}

TEST_CASE("denormal results have the encoding of their range", "[ia64][float]") {
  const Register tiny{u64{1} << 63, 0xffff - 16383}, half{u64{1} << 63, 0xfffe};
  const auto product = [&](u64 fpsr, Completer completer, Register a) {
    return multiply_add(environment(fpsr, 0, completer), MultiplyAdd::add, a, half, std::nullopt).value();
  };
  CHECK(product(default_fpsr, Completer::dynamic, tiny) == Register{u64{1} << 61, 0});
  CHECK(product(default_fpsr, Completer::single, {u64{1} << 63, 0xff81}) == Register{u64{1} << 62, 0xff81});
  CHECK(product(default_fpsr, Completer::real_double, {u64{1} << 63, 0xfc01}) ==
        Register{u64{1} << 62, 0xfc01});
  CHECK(product(default_fpsr | 0x80, Completer::dynamic, {u64{1} << 63, 1}) == Register{u64{1} << 62, 1});
}

}  // namespace
}  // namespace xs::ia64::fp::test
