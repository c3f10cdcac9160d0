// Parallel instructions: each half is what MPFR computes for singles, halves do not touch each other, and
// exceptions are reported apart (SDM vol. 3, fpma and the others).
#include "sim/cpu_ia64/float/parallel.h"

#include <catch2/catch.hpp>

#include "tests/unit/cpu_ia64/float/samples.h"
#include "tests/unit/cpu_ia64/float/vectors.h"

namespace xs::ia64::fp::test {
namespace {

Environment parallel(u8 enabled = 0) {
  return environment(default_fpsr & ~u64{enabled}, 0, Completer::parallel);
}
constexpr Register pack(u32 left, u32 right) { return integer(u64{left} << 32 | right); }

constexpr u32 single_one = 0x3f80'0000, single_two = 0x4000'0000, single_infinity = 0x7f80'0000,
              single_quiet = 0x7fc0'0001, single_loud = 0x7f80'0001, minus = 0x8000'0000, least = 1,
              greatest = 0x7f7f'ffff, indefinite = 0xffc0'0000;

/// A finite single, often near an end of the range.
u32 finite_single(Random& random) {
  const u32 exponent = random.one_in(3) ? random.below(2) * 250 + random.below(4) : random.below(255);
  return random.below(2) << 31 | exponent << 23 |
         static_cast<u32>(hard_significand(random) >> 40 & 0x7f'ffff);
}

Result half_wanted(Operation operation, u32 a, u32 b, u32 c, const Setting& setting) {
  const Register x = from_single(a), y = from_single(b), z = from_single(c);
  const bool unnormal =
      is_unnormal(x) || is_unnormal(y) || (operation != Operation::multiply && is_unnormal(z));
  if (unnormal && (setting.rules().disabled & 2) == 0) return {{}, {.fault = 2}};
  Result want = compute(operation, x, y, z, setting.rules());
  if (unnormal) want.outcome.flags |= 2;
  return want;
}

/// A register in single range as memory bits, by its value.
u32 bits_of(Register r) {
  const u32 sign = r.negative() ? minus : 0;
  if (r.significand >> 63 == 0) return sign | static_cast<u32>(r.significand >> 40);
  const u32 exponent = r.exponent() == 0x1ffff ? 255 : r.exponent() - 0xff80;
  return sign | exponent << 23 | (static_cast<u32>(r.significand >> 40) & 0x7f'ffff);
}

TEST_CASE("fpma, fpms, fpnma are MPFR's in both halves", "[ia64][float]") {
  Random random(61);
  struct Row {
    Operation operation;
    MultiplyAdd kind;
  };
  constexpr Row rows[] = {{Operation::multiply_add, MultiplyAdd::add},
                          {Operation::multiply_subtract, MultiplyAdd::subtract},
                          {Operation::negated_multiply_add, MultiplyAdd::negate},
                          {Operation::multiply, MultiplyAdd::add}};
  for (int i = 0; i < vectors(150'000); ++i) {
    const Setting setting = random_setting(random, Completer::parallel);
    const Row row = rows[random.below(4)];
    u32 v[6];
    for (u32& x : v) x = finite_single(random);
    const Result left = half_wanted(row.operation, v[0], v[2], v[4], setting);
    const Result right = half_wanted(row.operation, v[1], v[3], v[5], setting);
    const auto addend = row.operation == Operation::multiply ? std::nullopt : std::optional(pack(v[4], v[5]));
    const PairResult got =
        parallel_multiply_add(setting.environment(), row.kind, pack(v[0], v[1]), pack(v[2], v[3]), addend);
    INFO(describe(setting) << ' ' << pack(v[0], v[1]) << ' ' << pack(v[2], v[3]) << ' ' << pack(v[4], v[5]));
    REQUIRE(got.outcome == PairOutcome{left.outcome, right.outcome});
    if (!got.outcome.faults()) REQUIRE(got.value == pack(bits_of(left.value()), bits_of(right.value())));
  }
}

TEST_CASE("halves report their exceptions apart", "[ia64][float]") {
  const PairResult fault = parallel_multiply_add(parallel(63), MultiplyAdd::add, pack(single_loud, least),
                                                 pack(single_one, single_one), {});
  CHECK(fault_code(fault.outcome) == 0x21);
  const PairResult trap = parallel_multiply_add(parallel(exception::overflow), MultiplyAdd::add,
                                                pack(single_one, greatest), pack(single_one, single_two), {});
  CHECK(trap.value == pack(single_one, 0x7fff'ffff));  // exponent 128 wraps to the field's 255
  CHECK(trap_code(trap.outcome) == 0x81);
  const PairResult mixed = parallel_multiply_add(parallel(), MultiplyAdd::add,
                                                 pack(single_infinity, greatest), pack(0, single_two), {});
  CHECK(mixed.value == pack(indefinite, single_infinity));
  CHECK(mixed.outcome.flags() == (exception::invalid | exception::overflow | exception::inexact));
}

TEST_CASE("fpmin, fpmax, fpamin, fpamax", "[ia64][float]") {
  const Register a = pack(single_one, minus | single_two), b = pack(minus | single_two, single_one);
  CHECK(parallel_select(parallel(), Selection::minimum, a, b).value ==
        pack(minus | single_two, minus | single_two));
  CHECK(parallel_select(parallel(), Selection::maximum, a, b).value == pack(single_one, single_one));
  CHECK(parallel_select(parallel(), Selection::magnitude_minimum, a, b).value ==
        pack(single_one, single_one));
  CHECK(parallel_select(parallel(), Selection::magnitude_maximum, a, b).value ==
        pack(minus | single_two, minus | single_two));
  const PairResult nan = parallel_select(parallel(), Selection::minimum, pack(single_quiet, single_one),
                                         pack(single_two, single_loud));
  CHECK(nan.value == pack(single_two, single_loud));
  CHECK(nan.outcome == PairOutcome{{.flags = 1}, {.flags = 1}});
}

TEST_CASE("fpcmp fills halves", "[ia64][float]") {
  const Register a = pack(single_one, single_two), b = pack(single_two, single_two);
  const auto mask = [&](Relation relation, bool negated) {
    return fpcmp(parallel(), relation, negated, a, b).value;
  };
  CHECK(mask(Relation::equal, false) == pack(0, ~0u));
  CHECK(mask(Relation::equal, true) == pack(~0u, 0));
  CHECK(mask(Relation::less, false) == pack(~0u, 0));
  CHECK(mask(Relation::less, true) == pack(0, ~0u));
  CHECK(mask(Relation::less_equal, false) == pack(~0u, ~0u));
  CHECK(mask(Relation::unordered, false) == pack(0, 0));
  CHECK(mask(Relation::unordered, true) == pack(~0u, ~0u));
  const PairResult nan = fpcmp(parallel(), Relation::less, true, pack(single_quiet, 0), pack(0, minus));
  CHECK(nan.value == pack(~0u, ~0u));
  CHECK(nan.outcome == PairOutcome{{.flags = exception::invalid}, {}});
}

TEST_CASE("fpcvt", "[ia64][float]") {
  const Register a = pack(0xc020'0000, 0x4f00'0000);  // -2.5, 2^31
  const PairResult fx = parallel_to_integer(parallel(), IntegerType::signed_integer, a);
  CHECK(fx.value == pack(0xffff'fffe, 0x8000'0000));
  CHECK(fx.outcome == PairOutcome{{.flags = exception::inexact}, {.flags = exception::invalid}});
  const PairResult fxu = parallel_to_integer(parallel(), IntegerType::unsigned_integer, a);
  CHECK(fxu.value == pack(0x8000'0000, 0x8000'0000));
  CHECK(fxu.outcome == PairOutcome{{.flags = exception::invalid}, {}});
}

struct HalfRow {
  u32 a, b, value;
  bool predicate;
  u8 flags;
};

TEST_CASE("fprcpa: special operands and where the iteration is not safe", "[ia64][float]") {
  const HalfRow rows[] = {
      {single_one, single_one, 0x3f7f'8000, true, 0},
      {single_one, 0, single_infinity, false, exception::zero_divide},
      {0, 0, indefinite, false, exception::invalid},
      {single_infinity, minus | single_infinity, indefinite, false, exception::invalid},
      {minus | single_one, single_infinity, minus, false, 0},
      {single_infinity, minus, minus | single_infinity, false, 0},
      {0, minus | single_two, minus, false, 0},
      {single_quiet, single_loud, single_quiet, false, exception::invalid},
      {single_one, minus | least, minus | single_infinity, false, exception::denormal},
      {single_one, minus | 0x7e00'0000, minus, false, 0},  // 2^125
      {0x3f80'0000, 0x7d80'0000, 0x017f'8000, true, 0},    // 2^124, a / b = 2^-124
      {0x3f00'0000, 0x7d80'0000, 0x017f'8000, false, 0},   // a / b = 2^-125
      {0x7f00'0000, 0x3f80'0000, 0x3f7f'8000, false, 0},   // a / b = 2^127
      {0x7e80'0000, 0x3f80'0000, 0x3f7f'8000, true, 0},    // a / b = 2^126
      {0x0c00'0000, 0x3f80'0000, 0x3f7f'8000, false, 0},   // a = 2^-103
      {0x0c80'0000, 0x3f80'0000, 0x3f7f'8000, true, 0},    // a = 2^-102
  };
  for (const HalfRow& row : rows) {
    INFO(std::hex << row.a << " / " << row.b);
    const PairApproximation left = fprcpa(parallel(), pack(row.a, single_one), pack(row.b, single_one));
    const PairApproximation right = fprcpa(parallel(), pack(single_one, row.a), pack(single_one, row.b));
    CHECK(left.value == pack(row.value, 0x3f7f'8000));
    CHECK(right.value == pack(0x3f7f'8000, row.value));
    CHECK(left.predicate == row.predicate);
    CHECK(right.predicate == row.predicate);
    CHECK(left.outcome == PairOutcome{{.flags = row.flags}, {}});
    CHECK(right.outcome == PairOutcome{{}, {.flags = row.flags}});
  }
}

TEST_CASE("fprsqrta gives reciprocals of zeros and infinity too", "[ia64][float]") {
  const HalfRow rows[] = {
      {single_one, 0, 0x3f7f'8000, true, 0},
      {0x4080'0000, 0, 0x3eff'8000, true, 0},
      {single_two, 0, 0x3f34'a000, true, 0},
      {0, 0, single_infinity, false, 0},
      {minus, 0, minus | single_infinity, false, 0},
      {single_infinity, 0, 0, false, 0},
      {minus | single_infinity, 0, indefinite, false, exception::invalid},
      {minus | single_one, 0, indefinite, false, exception::invalid},
      {single_quiet, 0, single_quiet, false, 0},
      {single_loud, 0, single_loud | 0x40'0000, false, exception::invalid},
      {0x0c00'0000, 0, 0x5934'a000, false, 0},  // 2^-103
      {0x0c80'0000, 0, 0x58ff'8000, true, 0},   // 2^-102
  };
  for (const HalfRow& row : rows) {
    INFO(std::hex << row.a);
    const PairApproximation got = fprsqrta(parallel(), pack(row.a, single_one));
    CHECK(got.value == pack(row.value, 0x3f7f'8000));
    CHECK(got.predicate == row.predicate);
    CHECK(got.outcome == PairOutcome{{.flags = row.flags}, {}});
    CHECK(fprsqrta(parallel(), pack(single_one, row.a)).predicate == row.predicate);
  }
}

/// Newton's iteration in single precision throughout, as SIMD code does it: sf1 to nearest, the last step by
/// sf0.
struct Simd {
  Environment nearest = environment(default_fpsr, 1, Completer::parallel), rounding;
  static constexpr Register ones = pack(single_one, single_one);

  Register fma(Register a, Register b, Register c) const {
    return parallel_multiply_add(nearest, MultiplyAdd::add, a, b, c).value;
  }
  Register fnma(Register a, Register b, Register c) const {
    return parallel_multiply_add(nearest, MultiplyAdd::negate, a, b, c).value;
  }
  PairResult last(Register a, Register b, Register c) const {
    return parallel_multiply_add(rounding, MultiplyAdd::add, a, b, c);
  }
};

PairResult divide(const Simd& s, Register a, Register b, Register y) {
  y = s.fma(s.fnma(b, y, Simd::ones), y, y);
  y = s.fma(s.fnma(b, y, Simd::ones), y, y);
  y = s.fma(s.fnma(b, y, Simd::ones), y, y);
  const Register q = s.fma(a, y, pack(minus, minus));
  const Register q1 = s.fma(s.fnma(b, q, a), y, q);
  return s.last(s.fnma(b, q1, a), y, q1);
}

TEST_CASE("SIMD quotients are correctly rounded where fprcpa allows them", "[ia64][float]") {
  Random random(62);
  int allowed = 0;
  for (int i = 0; i < vectors(200'000); ++i) {
    const Setting setting{default_fpsr | u64(i & 3) << 10, 0, Completer::parallel};
    const Simd simd{.rounding = setting.environment()};
    u32 v[4];
    for (u32& x : v) x = finite_single(random) | 1;
    const Register a = pack(v[0], v[1]), b = pack(v[2], v[3]);
    const auto [y, predicate, outcome] = fprcpa(setting.environment(), a, b);
    if (!predicate) continue;
    ++allowed;
    const Result left = half_wanted(Operation::divide, v[0], v[2], 0, setting);
    const Result right = half_wanted(Operation::divide, v[1], v[3], 0, setting);
    const PairResult got = divide(simd, a, b, y);
    INFO(a << " / " << b << ' ' << describe(setting));
    REQUIRE(got.value == pack(bits_of(left.value()), bits_of(right.value())));
    // A remainder may be denormal, and then shows as an unnormal operand.
    REQUIRE((got.outcome.flags() & ~exception::denormal) == (left.outcome.flags | right.outcome.flags));
  }
  CHECK(allowed > vectors(20'000));
}

TEST_CASE("a NaTVal is the result of every parallel instruction", "[ia64][float]") {
  const Register other = pack(single_loud, single_loud);
  const PairResult results[] = {
      parallel_multiply_add(parallel(63), MultiplyAdd::add, nat_value, other, other),
      parallel_multiply_add(parallel(63), MultiplyAdd::add, other, nat_value, {}),
      parallel_multiply_add(parallel(63), MultiplyAdd::add, other, other, nat_value),
      parallel_select(parallel(63), Selection::minimum, other, nat_value),
      parallel_select(parallel(63), Selection::minimum, nat_value, other),
      fpcmp(parallel(63), Relation::less, true, other, nat_value),
      fpcmp(parallel(63), Relation::less, true, nat_value, other),
      parallel_to_integer(parallel(63), IntegerType::signed_integer, nat_value),
      {fprcpa(parallel(63), other, nat_value).value, fprcpa(parallel(63), nat_value, other).outcome},
      {fprsqrta(parallel(63), nat_value).value, fprsqrta(parallel(63), nat_value).outcome},
  };
  for (const PairResult& r : results) {
    CHECK(r.value == nat_value);
    CHECK(r.outcome == PairOutcome{});
  }
}

}  // namespace
}  // namespace xs::ia64::fp::test
