// Floating-point arithmetic: each instruction computes what its name says from the right operands. How
// results are rounded is the business of unit_ia64_float; values here are exact, or cut where it shows.
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "tests/unit/cpu_ia64/exec/float_bench.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

/// A small integer: sums of products of three fit in 24 bits.
int small(Numbers& numbers) { return static_cast<int>(numbers.below(2001)) - 1000; }

using Scalar = std::function<double(double, double, double)>;  // f2, f3, f4
using Relation = std::function<bool(float, float)>;

const Scalar added = [](double f2_, double f3_, double f4_) { return f3_ * f4_ + f2_; };
const Scalar subtracted = [](double f2_, double f3_, double f4_) { return f3_ * f4_ - f2_; };
const Scalar negated = [](double f2_, double f3_, double f4_) { return f2_ - f3_ * f4_; };
const Scalar least = [](double a, double b, double) { return a < b ? a : b; };
const Scalar most = [](double a, double b, double) { return a > b ? a : b; };
const Scalar least_magnitude = [](double a, double b, double) { return std::abs(a) < std::abs(b) ? a : b; };
const Scalar most_magnitude = [](double a, double b, double) { return std::abs(a) > std::abs(b) ? a : b; };

const Relation eq = [](float a, float b) { return a == b; };
const Relation lt = [](float a, float b) { return a < b; };
const Relation le = [](float a, float b) { return a <= b; };
const Relation unord = [](float a, float b) { return std::isunordered(a, b); };
const float values[] = {-infinity, -2.5F, -0.0F, 0.0F, 1.0F, 2.5F, infinity, not_a_number};

}  // namespace

TEST_CASE("multiply and add, minimum and maximum: operands and signs") {
  const std::map<Op, Scalar> rules = {
      {Op::fma, added},           {Op::fma_s, added},      {Op::fma_d, added},  {Op::fms, subtracted},
      {Op::fms_s, subtracted},    {Op::fms_d, subtracted}, {Op::fnma, negated}, {Op::fnma_s, negated},
      {Op::fnma_d, negated},      {Op::fmin, least},       {Op::fmax, most},    {Op::famin, least_magnitude},
      {Op::famax, most_magnitude}};
  FloatBench bench;
  Numbers numbers;
  for (const auto& [op, rule] : rules)
    for (unsigned n = 0; n < 200; ++n) {
      const double a = small(numbers) + 0.5, b = small(numbers), c = small(numbers);
      INFO(row_of(op).text << " f2=" << a << " f3=" << b << " f4=" << c);
      bench.operands(number(a), number(b), number(c));
      CHECK(bench.result(op) == number(rule(a, b, c)));
    }
}

TEST_CASE("parallel multiply and add, minimum and maximum: each half its own") {
  const std::map<Op, Scalar> rules = {
      {Op::fpma, added}, {Op::fpms, subtracted},        {Op::fpnma, negated},        {Op::fpmin, least},
      {Op::fpmax, most}, {Op::fpamin, least_magnitude}, {Op::fpamax, most_magnitude}};
  FloatBench bench;
  Numbers numbers;
  for (const auto& [op, rule] : rules)
    for (unsigned n = 0; n < 200; ++n) {
      float x[6];
      for (float& each : x) each = static_cast<float>(small(numbers));
      INFO(row_of(op).text);
      bench.operands(pair(x[0], x[1]), pair(x[2], x[3]), pair(x[4], x[5]));
      const auto half = [&](unsigned i) { return static_cast<float>(rule(x[i], x[2 + i], x[4 + i])); };
      CHECK(bench.result(op) == pair(half(0), half(1)));
    }
}

TEST_CASE("f0 as f2: a product of zero keeps its sign") {
  FloatBench bench;
  for (Op op : {Op::fma, Op::fma_s, Op::fma_d}) {
    bench.operands({}, number(-0.0), number(3));
    bench.run(slot_of(op, {f1, 0, f3, f4}));
    CHECK(bench.p.r.fr[f1] == number(-0.0));
    bench.run(slot_of(op, {f1, f2, f3, f4}));  // another +0: a sum
    CHECK(bench.p.r.fr[f1] == number(0.0));
  }
  bench.operands({}, pair(-0.0F, 2), pair(3, 5));
  bench.run(slot_of(Op::fpma, {f1, 0, f3, f4}));
  CHECK(bench.p.r.fr[f1] == pair(-0.0F, 10));
}

TEST_CASE("the completer decides the precision, and pc where there is none") {
  FloatBench bench;
  constexpr u64 lowest_bits = u64{1} << 63 | u64{1} << 40 | u64{1} << 11 | 1;  // of 24, 53 and 64 bits
  const fp::Register x{lowest_bits, 0xffff};
  const u64 truncate = u64{3} << (6 + 4);
  for (auto [pc, dynamic] : {std::pair{0u, u64{1} << 40}, {2u, u64{1} << 11}, {3u, u64{1}}}) {
    bench.p.r.fpsr = (fp::default_fpsr & ~(u64{3} << (6 + 2))) | u64{pc} << (6 + 2) | truncate;
    for (auto [op, lowest] : {std::pair{Op::fma, dynamic},
                              {Op::fma_s, u64{1} << 40},
                              {Op::fma_d, u64{1} << 11},
                              {Op::fms, dynamic},
                              {Op::fms_s, u64{1} << 40},
                              {Op::fms_d, u64{1} << 11}}) {
      bench.operands({}, x, fp::one());
      CHECK(bench.result(op).significand == (lowest_bits & -lowest));
    }
    for (auto [op, lowest] :
         {std::pair{Op::fnma, dynamic}, {Op::fnma_s, u64{1} << 40}, {Op::fnma_d, u64{1} << 11}})
      CHECK(bench.result(op) == fp::Register{lowest_bits & -lowest, 0x2ffff});
  }
}

TEST_CASE("rounding is the status field's") {
  FloatBench bench;
  u64 fpsr = fp::default_fpsr;
  for (unsigned sf = 0; sf < 4; ++sf)  // to nearest, down, up, truncated
    fpsr = (fpsr & ~(u64{3} << (6 + 13 * sf + 4))) | u64{sf} << (6 + 13 * sf + 4);
  const i64 to_integer[] = {-4, -4, -3, -3};  // of -3.5
  for (unsigned sf = 0; sf < 4; ++sf) {
    bench.p.r.fpsr = fpsr;
    bench.operands(number(-3.5), {});
    CHECK(bench.result(Op::fcvt_fx, sf) == fp::integer(static_cast<u64>(to_integer[sf])));
    CHECK(bench.flags(sf) == fp::exception::inexact);
    bench.operands(pair(-3.5F, 3.5F), {});
    const i64 right = sf == 1 || sf == 3 ? 3 : 4;
    const u64 halves = u64{static_cast<u32>(to_integer[sf])} << 32 | static_cast<u64>(right);
    CHECK(bench.result(Op::fpcvt_fx, sf) == fp::integer(halves));
  }
}

TEST_CASE("conversions: type and truncation") {
  FloatBench bench;
  const double big = 18'000'000'000'000'000'000.0;  // fits no signed integer
  const u64 indefinite = u64{1} << 63;
  bench.operands(number(big), {});
  CHECK(bench.result(Op::fcvt_fxu) == fp::integer(static_cast<u64>(big)));
  CHECK(bench.result(Op::fcvt_fxu_trunc) == fp::integer(static_cast<u64>(big)));
  CHECK(bench.result(Op::fcvt_fx) == fp::integer(indefinite));
  CHECK(bench.result(Op::fcvt_fx_trunc) == fp::integer(indefinite));
  bench.operands(number(2.75), {});
  CHECK(bench.result(Op::fcvt_fx) == fp::integer(3));
  CHECK(bench.result(Op::fcvt_fx_trunc) == fp::integer(2));
  CHECK(bench.result(Op::fcvt_fxu) == fp::integer(3));
  CHECK(bench.result(Op::fcvt_fxu_trunc) == fp::integer(2));
  bench.operands(pair(4e9F, 2.75F), {});
  CHECK(bench.result(Op::fpcvt_fx) == fp::integer(0x8000'0000'0000'0003));
  CHECK(bench.result(Op::fpcvt_fx_trunc) == fp::integer(0x8000'0000'0000'0002));
  CHECK(bench.result(Op::fpcvt_fxu) == fp::integer(4'000'000'000 << 32 | 3));
  CHECK(bench.result(Op::fpcvt_fxu_trunc) == fp::integer(4'000'000'000 << 32 | 2));
  bench.operands(fp::integer(static_cast<u64>(i64{-5})), {});
  CHECK(bench.result(Op::fcvt_xf) == number(-5));
}

TEST_CASE("fcmp and fpcmp: every relation on numbers, infinities and NaNs") {
  struct Case {
    Op op, unc, parallel, negated;
    Relation holds;
  };
  const Case cases[] = {{Op::fcmp_eq, Op::fcmp_eq_unc, Op::fpcmp_eq, Op::fpcmp_neq, eq},
                        {Op::fcmp_lt, Op::fcmp_lt_unc, Op::fpcmp_lt, Op::fpcmp_nlt, lt},
                        {Op::fcmp_le, Op::fcmp_le_unc, Op::fpcmp_le, Op::fpcmp_nle, le},
                        {Op::fcmp_unord, Op::fcmp_unord_unc, Op::fpcmp_unord, Op::fpcmp_ord, unord}};
  FloatBench bench;
  for (const Case& c : cases)
    for (float a : values)
      for (float b : values) {
        INFO(row_of(c.op).text << " " << a << " " << b);
        bench.operands(number(a), number(b));
        for (Op op : {c.op, c.unc}) {
          bench.p.r.pr = op == c.op ? 1 : ~u64{0};
          REQUIRE(bench.execute(op) == Next::leave);
          CHECK(bench.predicate(p1) == c.holds(a, b));
          CHECK(bench.predicate(p2) == !c.holds(a, b));
        }
        bench.operands(pair(a, b), pair(b, a));
        const auto mask = [](bool left, bool right) {
          return fp::integer((left ? 0xffff'ffff'0000'0000 : 0) | (right ? 0xffff'ffff : 0));
        };
        CHECK(bench.result(c.parallel) == mask(c.holds(a, b), c.holds(b, a)));
        CHECK(bench.result(c.negated) == mask(!c.holds(a, b), !c.holds(b, a)));
      }
}

TEST_CASE("p0 as a target of fcmp stays 1") {
  FloatBench bench;
  bench.operands(number(1), number(2));
  bench.run(slot_of(Op::fcmp_eq, {0, f2, f3, p2}));
  CHECK(bench.p.r.pr == (1 | u64{1} << p2));
}

TEST_CASE("fclass: membership, and NaTVal when it is asked for") {
  FloatBench bench;
  struct Case {
    fp::Register value;
    u32 kind;
  };
  // The class bits of the manual's table; sign in bits 0 and 1.
  const Case cases[] = {{number(0.0), 0x005},          {number(-0.0), 0x006},
                        {number(1.5), 0x011},          {number(-1.5), 0x012},
                        {number(infinity), 0x021},     {{1, 0xffff}, 0x009},
                        {number(not_a_number), 0x080}, {{0xa000'0000'0000'0000, 0x1ffff}, 0x040}};
  for (const Case& c : cases)
    for (u32 mask = 0; mask < 512; ++mask)
      for (Op op : {Op::fclass_m, Op::fclass_m_unc}) {
        bench.operands(c.value, {});
        bench.p.r.pr = 1;
        REQUIRE(bench.execute(op, mask) == Next::leave);
        const bool member = (c.kind & mask & 3) == (c.kind & 3) && (c.kind & mask & ~3u) != 0;
        REQUIRE(bench.predicate(p1) == member);
        REQUIRE(bench.predicate(p2) == !member);
      }
  for (u32 mask : {0x0ffu, 0x100u}) {
    bench.operands(natval, {});
    bench.p.r.pr = ~u64{0};
    bench.execute(Op::fclass_m, mask);
    CHECK(bench.predicate(p1) == (mask == 0x100));
    CHECK_FALSE(bench.predicate(p2));
  }
}
