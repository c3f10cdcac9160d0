// Multiply-add of finite numbers against MPFR: value, flags, traps and fpa, in every precision, range and
// rounding mode.
#include <catch2/catch.hpp>

#include "sim/cpu_ia64/float/fma.h"
#include "tests/unit/cpu_ia64/float/vectors.h"

namespace xs::ia64::fp::test {
namespace {

/// What must come out, the denormal/unnormal exception included; nothing to compare but the fault when there
/// is one.
Result expected(Operation operation, const Triple& t, const Setting& setting) {
  const bool unnormal =
      is_unnormal(t.f3) || is_unnormal(t.f4) || (operation != Operation::multiply && is_unnormal(t.f2));
  const Rules rules = setting.rules();
  if (unnormal && (rules.disabled & 2) == 0) return {{}, {0, 2, 0, false}};
  Result result = compute(operation, t.f3, t.f4, t.f2, rules);
  if (unnormal) result.outcome.flags |= 2;
  return result;
}

Result actual(Operation operation, const Triple& t, const Environment& env) {
  switch (operation) {
    case Operation::multiply:
      return multiply_add(env, MultiplyAdd::add, t.f3, t.f4, std::nullopt);
    case Operation::multiply_subtract:
      return multiply_add(env, MultiplyAdd::subtract, t.f3, t.f4, t.f2);
    case Operation::negated_multiply_add:
      return multiply_add(env, MultiplyAdd::negate, t.f3, t.f4, t.f2);
    default:
      return multiply_add(env, MultiplyAdd::add, t.f3, t.f4, t.f2);
  }
}

void check(Operation operation, const Triple& t, const Setting& setting) {
  const Result want = expected(operation, t, setting), got = actual(operation, t, setting.environment());
  const bool same = got.outcome == want.outcome && (want.outcome.fault != 0 || got.value() == want.value());
  if (same) return;
  INFO("operation " << static_cast<int>(operation) << ' ' << describe(setting) << " f3 " << t.f3 << " f4 "
                    << t.f4 << " f2 " << t.f2);
  CHECK(got.value() == want.value());
  REQUIRE(got.outcome == want.outcome);
}

constexpr Operation operations[] = {Operation::multiply_add, Operation::multiply_subtract,
                                    Operation::negated_multiply_add, Operation::multiply};

void run(u64 seed, Completer completer, int count) {
  Random random(seed);
  for (int i = 0; i < count; ++i) {
    const Setting setting = random_setting(random, completer);
    check(operations[random.below(4)], hard_triple(random, setting.rules()), setting);
  }
  SUCCEED();
}

TEST_CASE("multiply-add without completer is MPFR's", "[ia64][float]") {
  run(1, Completer::dynamic, vectors(1'500'000));
}
TEST_CASE("multiply-add .s is MPFR's", "[ia64][float]") { run(2, Completer::single, vectors(1'000'000)); }
TEST_CASE("multiply-add .d is MPFR's", "[ia64][float]") {
  run(3, Completer::real_double, vectors(1'000'000));
}
TEST_CASE("halves of parallel multiply-add are MPFR's", "[ia64][float]") {
  run(4, Completer::parallel, vectors(500'000));
}

TEST_CASE("sums, differences, products and normalization are MPFR's", "[ia64][float]") {
  Random random(5);
  constexpr Completer completers[] = {Completer::dynamic, Completer::single, Completer::real_double};
  for (int i = 0; i < vectors(1'000'000); ++i) {
    const Setting setting = random_setting(random, completers[random.below(3)]);
    Triple t = hard_triple(random, setting.rules());
    t.f4 = one();  // fadd, fsub; with f2 absent fnorm
    check(operations[random.below(4)], t, setting);
  }
  SUCCEED();
}

TEST_CASE("every kind of vector is met", "[ia64][float]") {
  Random random(6);
  int overflow = 0, tiny = 0, denormal = 0, flushed = 0, trapped = 0, exact_cancel = 0, unnormal = 0;
  for (int i = 0; i < 40'000; ++i) {
    const Setting setting = random_setting(random, Completer::dynamic);
    const Triple t = hard_triple(random, setting.rules());
    const Result r = expected(Operation::multiply_add, t, setting);
    overflow += (r.outcome.flags & exception::overflow) != 0;
    tiny += (r.outcome.flags & exception::underflow) != 0;
    denormal += r.outcome.fault == 0 && is_unnormal(r.value());
    flushed += r.value().significand == 0 && (r.outcome.flags & exception::underflow) != 0;
    trapped += r.outcome.trap != 0;
    unnormal += r.outcome.fault != 0;
    exact_cancel +=
        r.value().significand == 0 && r.outcome.flags == 0 && t.f3.significand != 0 && t.f4.significand != 0;
  }
  for (const int count : {overflow, tiny, denormal, flushed, trapped, exact_cancel, unnormal})
    CHECK(count > 200);
}

}  // namespace
}  // namespace xs::ia64::fp::test
