// fcmp, fmin and relatives, and fclass: numbers against MPFR's order, all else against truth tables (SDM vol.
// 3).
#include "sim/cpu_ia64/float/compare.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/cpu_ia64/float/samples.h"
#include "tests/unit/cpu_ia64/float/vectors.h"

namespace xs::ia64::fp::test {
namespace {

constexpr Relation relations[] = {Relation::equal, Relation::less, Relation::less_equal, Relation::unordered};
constexpr Selection selections[] = {Selection::minimum, Selection::maximum, Selection::magnitude_minimum,
                                    Selection::magnitude_maximum};

bool holds(Relation relation, int order) {
  return relation == Relation::equal        ? order == 0
         : relation == Relation::less       ? order < 0
         : relation == Relation::less_equal ? order <= 0
                                            : false;
}

/// Pairs that are often equal in value and different in encoding.
Register neighbour(Random& random, Register a) {
  switch (random.below(4)) {
    case 0:
      return {a.significand, a.sign_exponent ^ (random.one_in(2) ? sign_bit : 0)};
    case 1:
      if (a.exponent() > 1 && a.exponent() < 0x1fff0 && (a.significand & 1) == 0)
        return {a.significand >> 1, a.sign_exponent + 1};
      return a;
    case 2:
      return {a.significand + 1, a.sign_exponent};
    default:
      return finite(random, -16382, 16383);
  }
}

TEST_CASE("comparisons and selections of numbers are MPFR's", "[ia64][float]") {
  Random random(11);
  for (int i = 0; i < vectors(200'000); ++i) {
    const Register a = finite(random, -16382, 16383), b = neighbour(random, a);
    Real x(a), y(b);
    const int order = mpfr_cmp(x.get(), y.get()), magnitudes = mpfr_cmpabs(x.get(), y.get());
    const Outcome outcome{.flags = is_unnormal(a) || is_unnormal(b) ? exception::denormal : u8{0}};
    const Register chosen[] = {order < 0 ? a : b, order > 0 ? a : b, magnitudes < 0 ? a : b,
                               magnitudes > 0 ? a : b};
    INFO(a << " and " << b);
    for (const Relation relation : relations) {
      const Comparison got = fcmp(masked(), relation, a, b);
      const bool want = holds(relation, order);
      if (got.predicates != Predicates{want, !want} || got.outcome != outcome)
        FAIL(static_cast<int>(relation));
    }
    for (int s = 0; s < 4; ++s) {
      const Result got = select(masked(), selections[s], a, b);
      if (got.value() != chosen[s] || got.outcome != outcome)
        FAIL("selection " << s << " gave " << got.value());
    }
  }
  SUCCEED();
}

TEST_CASE("infinities are ordered", "[ia64][float]") {
  const Register ascending[] = {infinity(true), minus_one, zero(), two, infinity()};
  for (int i = 0; i < 5; ++i) {
    for (int j = 0; j < 5; ++j) {
      for (const Relation relation : relations)
        CHECK(fcmp(masked(), relation, ascending[i], ascending[j]).predicates.first ==
              holds(relation, i - j));
      CHECK(select(masked(), Selection::minimum, ascending[i], ascending[j]).value() ==
            ascending[std::min(i, j)]);
      CHECK(select(masked(), Selection::maximum, ascending[i], ascending[j]).value() ==
            ascending[std::max(i, j)]);
    }
  }
  CHECK(select(masked(), Selection::magnitude_maximum, infinity(true), two).value() == infinity(true));
  CHECK(select(masked(), Selection::magnitude_minimum, infinity(true), infinity()).value() == infinity());
}

TEST_CASE("comparisons without an order", "[ia64][float]") {
  for (const Register bad : {quiet_one, signaling, pseudo_infinity, pseudo_nan}) {
    for (const Register other : {one(), infinity(), quiet_two, unnormal_one, bad}) {
      for (const Relation relation : relations) {
        const bool ordering = relation == Relation::less || relation == Relation::less_equal;
        const bool invalid = ordering || bad != quiet_one;
        const bool first = relation == Relation::unordered;
        const Outcome want{.flags = invalid ? exception::invalid : u8{0}};
        for (const Comparison& got :
             {fcmp(masked(), relation, bad, other), fcmp(masked(), relation, other, bad)}) {
          CHECK(got.predicates == Predicates{first, !first});
          CHECK(got.outcome == want);
        }
        CHECK(fcmp(with_enabled(exception::invalid), relation, bad, other).outcome ==
              Outcome{.fault = want.flags});
      }
      for (const Selection selection : selections) {
        CHECK(select(masked(), selection, bad, other).value() == other);
        CHECK(select(masked(), selection, other, bad).value() == bad);
        CHECK(select(masked(), selection, other, bad).outcome == Outcome{.flags = exception::invalid});
      }
    }
  }
}

TEST_CASE("a NaTVal clears both predicates and is selected", "[ia64][float]") {
  for (const Register other : samples()) {
    for (const Relation relation : relations) {
      CHECK(fcmp(with_enabled(63), relation, nat_value, other).predicates == Predicates{});
      CHECK(fcmp(with_enabled(63), relation, other, nat_value).outcome == Outcome{});
    }
    for (const Selection selection : selections) {
      CHECK(select(with_enabled(63), selection, other, nat_value).value() == nat_value);
      CHECK(select(with_enabled(63), selection, nat_value, other).outcome == Outcome{});
    }
  }
}

TEST_CASE("an unnormal operand faults when that is enabled", "[ia64][float]") {
  for (const Register r : {unnormal_one, denormal, pseudo_denormal, pseudo_zero}) {
    CHECK(fcmp(with_enabled(exception::denormal), Relation::less, r, one()).outcome == Outcome{.fault = 2});
    CHECK(select(with_enabled(exception::denormal), Selection::minimum, one(), r).outcome ==
          Outcome{.fault = 2});
  }
}

TEST_CASE("fclass", "[ia64][float]") {
  namespace ask = class_test;
  const std::pair<Register, u32> kinds[] = {
      {zero(), ask::zero},           {one(), ask::normal},        {two, ask::normal},
      {unnormal_one, ask::unnormal}, {denormal, ask::unnormal},   {pseudo_denormal, ask::unnormal},
      {pseudo_zero, ask::unnormal},  {infinity(), ask::infinity},
  };
  for (const auto& [r, kind] : kinds) {
    const Register minus{r.significand, r.sign_exponent | sign_bit};
    for (u32 test = 0; test < 0x200; ++test) {
      const bool plus_member = (test & kind) != 0 && (test & ask::positive) != 0;
      const bool minus_member = (test & kind) != 0 && (test & ask::negative) != 0;
      CHECK(fclass(r, test) == Predicates{plus_member, !plus_member});
      CHECK(fclass(minus, test) == Predicates{minus_member, !minus_member});
    }
  }
  CHECK(fclass(minus_top_zero, ask::negative | ask::unnormal) == Predicates{true, false});
}

TEST_CASE("fclass of NaNs, NaTVal and unsupported encodings looks at no sign", "[ia64][float]") {
  for (u32 test = 0; test < 0x200; ++test) {
    const bool quiet = (test & class_test::quiet) != 0, loud = (test & class_test::signaling) != 0;
    const bool nat = (test & class_test::nat) != 0;
    CHECK(fclass(quiet_two, test) == Predicates{quiet, !quiet});
    CHECK(fclass(signaling, test) == Predicates{loud, !loud});
    CHECK(fclass(nat_value, test) == Predicates{nat, false});
    CHECK(fclass(pseudo_nan, test) == Predicates{false, true});
    CHECK(fclass(pseudo_infinity, test) == Predicates{false, true});
  }
}

}  // namespace
}  // namespace xs::ia64::fp::test
