// Floating-point instructions on bits, reciprocals, the status register, traps.
#include <cmath>
#include <limits>

#include "tests/unit/cpu_ia64/exec/float_bench.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

namespace {

__extension__ using i128 = __int128;

// Halves that tell where they come from: a to d, with signs and exponents of singles that differ.
constexpr u64 a = 0x8123'4567, b = 0x4234'5678, c = 0x3456'789a, d = 0xc678'9abc;
const fp::Register second{a << 32 | b, 0x2abcd}, third{c << 32 | d, 0x01234},
    fourth{0x00ff'ff00'0f0f'f0f0, 0x05555};

struct Picture {
  Op op;
  fp::Register result;
};
constexpr fp::Register halves(u64 left, u64 right) { return fp::integer(left << 32 | right); }
constexpr u64 negated(u64 single) { return single ^ 0x8000'0000; }
/// The bits of `from` that `mask` names, the others of `of`.
constexpr u64 merged(u64 from, u64 of, u64 mask) { return (from & mask) | (of & (0xffff'ffff - mask)); }

// SDM vol. 3, figures of these instructions.
const Picture pictures[] = {
    {Op::fmerge_s, {c << 32 | d, 0x21234}},
    {Op::fmerge_ns, {c << 32 | d, 0x01234}},
    {Op::fmerge_se, {c << 32 | d, 0x2abcd}},
    {Op::fpmerge_s, halves(merged(a, c, 0x8000'0000), merged(b, d, 0x8000'0000))},
    {Op::fpmerge_ns, halves(merged(negated(a), c, 0x8000'0000), merged(negated(b), d, 0x8000'0000))},
    {Op::fpmerge_se, halves(merged(a, c, 0xff80'0000), merged(b, d, 0xff80'0000))},
    {Op::fmix_l, halves(a, c)},
    {Op::fmix_r, halves(b, d)},
    {Op::fmix_lr, halves(a, d)},
    {Op::fsxt_l, halves(0xffff'ffff, c)},
    {Op::fsxt_r, halves(0, d)},
    {Op::fswap, halves(d, a)},
    {Op::fswap_nl, halves(negated(d), a)},
    {Op::fswap_nr, halves(d, negated(a))},
    {Op::fand, halves(a& c, b& d)},
    {Op::fandcm, halves(a & ~c, b & ~d)},
    {Op::for_, halves(a | c, b | d)},
    {Op::fxor, halves(a ^ c, b ^ d)},
};

/// Relative error bound of the architected tables (SDM vol. 3, frcpa, frsqrta).
bool close(double approximation, double exact, double exponent) {
  return std::abs(approximation / exact - 1) < std::exp2(-exponent);
}
double value(fp::Register r) { return std::bit_cast<double>(fp::to_double(r)); }
float left(fp::Register r) { return std::bit_cast<float>(static_cast<u32>(r.significand >> 32)); }
float right(fp::Register r) { return std::bit_cast<float>(static_cast<u32>(r.significand)); }

}  // namespace

TEST_CASE("merge, mix, swap, logic as drawn") {
  FloatBench bench;
  for (const Picture& p : pictures) {
    INFO(row_of(p.op).text);
    bench.operands(second, third);
    CHECK(bench.result(p.op) == p.result);
  }
  bench.operands(second, third, fourth);
  const u64 chosen = (third.significand & second.significand) | (fourth.significand & ~second.significand);
  CHECK(bench.result(Op::fselect) == fp::integer(chosen));
  bench.operands(number(1.5), number(-2.5));
  CHECK(bench.result(Op::fpack) == pair(1.5F, -2.5F));
}

TEST_CASE("xma: f3 times f4 plus f2") {
  FloatBench bench;
  Numbers numbers;
  for (unsigned n = 0; n < 500; ++n) {
    const u64 x = numbers.next(), y = numbers.next(), z = numbers.next();
    bench.operands(fp::integer(z), fp::integer(x), fp::integer(y));
    const i128 is_signed = i128(i64(x)) * i64(y) + z;
    __extension__ const unsigned __int128 is_unsigned = static_cast<unsigned __int128>(x) * y + z;
    CHECK(bench.result(Op::xma_l) == fp::integer(static_cast<u64>(is_signed)));
    CHECK(bench.result(Op::xma_h) == fp::integer(static_cast<u64>(is_signed >> 64)));
    CHECK(bench.result(Op::xma_hu) == fp::integer(static_cast<u64>(is_unsigned >> 64)));
  }
}

TEST_CASE("reciprocals: approximations of f3, with p2 set") {
  FloatBench bench;
  for (double x : {1.0, 3.0, -7.25, 1000.0}) {
    bench.operands(number(5), number(x));
    bench.p.r.pr = 1;
    CHECK(close(value(bench.result(Op::frcpa)), 1 / x, 8.886));
    CHECK(bench.predicate(p2));
    bench.operands(number(5), number(std::abs(x)));
    bench.p.r.pr = 1;
    CHECK(close(value(bench.result(Op::frsqrta)), 1 / std::sqrt(std::abs(x)), 8.831));
    CHECK(bench.predicate(p2));
    const float y = static_cast<float>(x);
    bench.operands(pair(5, 6), pair(y, 2 * y));
    bench.p.r.pr = 1;
    const fp::Register quotients = bench.result(Op::fprcpa);
    CHECK((close(left(quotients), 1 / x, 8.886) && close(right(quotients), 0.5 / x, 8.886)));
    CHECK(bench.predicate(p2));
    bench.operands({}, pair(std::abs(y), std::abs(4 * y)));
    bench.p.r.pr = 1;
    const fp::Register roots = bench.result(Op::fprsqrta);
    CHECK(close(left(roots), 1 / std::sqrt(std::abs(x)), 8.831));
    CHECK(close(right(roots), 0.5 / std::sqrt(std::abs(x)), 8.831));
    CHECK(bench.predicate(p2));
  }
}

TEST_CASE("reciprocals that are final: p2 is cleared, division by zero is noted or faults") {
  FloatBench bench;
  bench.operands(number(-5), number(0));
  bench.p.r.pr = ~u64{0};
  CHECK(bench.result(Op::frcpa, 2) == number(-std::numeric_limits<double>::infinity()));
  CHECK_FALSE(bench.predicate(p2));
  CHECK(bench.flags(2) == fp::exception::zero_divide);
  bench.p.r.fpsr = fp::default_fpsr & ~u64{fp::exception::zero_divide};
  REQUIRE(bench.execute(Op::frcpa) == Next::fault);
  CHECK(bench.p.pending.vector == Vector::fp_fault);
  CHECK(bench.p.pending.isr == 4);
  bench.operands({}, number(0));
  bench.p.r.pr = ~u64{0};
  CHECK(bench.result(Op::frsqrta) == number(0));
  CHECK_FALSE(bench.predicate(p2));
}

TEST_CASE("an enabled trap comes after result and flags") {
  FloatBench bench;
  struct Case {
    double f3;
    u64 isr;
  };
  // ISR.code: fp in bit 0; inexact 13, fpa (the result's magnitude is too great) 14.
  for (const Case& t : {Case{3.25, 1 | 1 << 13}, Case{3.75, 1 | 1 << 13 | 1 << 14}}) {
    bench.p.r.fpsr = fp::default_fpsr & ~u64{fp::exception::inexact};
    bench.operands(number(t.f3), {});
    Slot slot = slot_of(Op::fcvt_fx, {f1, f2});
    slot.ri = 1;
    REQUIRE(bench.run(slot) == Next::fault);
    CHECK(bench.p.pending.vector == Vector::fp_trap);
    CHECK(bench.p.pending.manner == Manner::trap);
    CHECK(bench.p.pending.slot == 1);
    CHECK(bench.p.pending.isr == t.isr);
    CHECK(bench.p.r.fr[f1] == fp::integer(t.f3 > 3.5 ? 4 : 3));
    CHECK(bench.flags(0) == fp::exception::inexact);
  }
  bench.p.r.fpsr = fp::default_fpsr & ~u64{fp::exception::overflow};
  bench.operands({}, number(0x1p1000), number(0x1p1000));
  REQUIRE(bench.execute(Op::fma_d) == Next::fault);
  CHECK(bench.p.pending.isr == (1 | 1 << 11));
  CHECK(bench.p.r.fr[f1] == fp::Register{u64{1} << 63, 0xffff + 2000});
}

TEST_CASE("a trap of one half: its own bits of ISR.code") {
  FloatBench bench;
  for (bool high : {false, true}) {
    bench.p.r.fpsr = fp::default_fpsr & ~u64{fp::exception::inexact};
    bench.operands(high ? pair(2.75F, 1) : pair(1, 2.75F), {});
    REQUIRE(bench.execute(Op::fpcvt_fx) == Next::fault);
    CHECK(bench.p.pending.isr == (1 | (high ? 3 << 13 : 3 << 9)));
    CHECK(bench.p.r.fr[f1] == (high ? halves(3, 1) : halves(1, 3)));
  }
}

TEST_CASE("fsetc and fclrf") {
  FloatBench bench;
  bench.p.r.fpsr = fp::default_fpsr | u64{0x3f} << (6 + 7) | u64{0x3f} << (6 + 13 + 7);
  const u64 before = bench.p.r.fpsr;
  REQUIRE(bench.execute(Op::fclrf, 1) == Next::leave);
  CHECK(bench.p.r.fpsr == (before & ~(u64{0x3f} << (6 + 13 + 7))));
  // sf0's controls, without rounding up to now, become sf2's: truncated, traps disabled.
  REQUIRE(bench.execute(Op::fsetc, 2, 0x0f, 0x70) == Next::leave);
  CHECK(fp::controls(bench.p.r.fpsr, 2) == ((fp::controls(before, 0) & 0x0f) | 0x70));
  CHECK(fp::controls(bench.p.r.fpsr, 0) == fp::controls(before, 0));
}

TEST_CASE("fsetc: the reserved precision control is refused") {
  FloatBench bench;
  REQUIRE(bench.execute(Op::fsetc, 1, 0x00, 0x04) == Next::fault);
  CHECK(bench.p.pending.vector == Vector::general_exception);
  CHECK(bench.p.pending.isr == 0x30);
  CHECK(bench.p.r.fpsr == fp::default_fpsr);
}
