// setf and getf: bits of the formats (SDM vol. 1, 5.1), NaTs on both sides.
#include "tests/unit/cpu_ia64/exec/bench.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

namespace {

struct Pair {
  Op setf, getf;
  u64 general;
  fp::Register floating;
};

const Pair both_ways[] = {
    {Op::setf_sig, Op::getf_sig, 0x8000'0000'0000'0001, {0x8000'0000'0000'0001, 0x1003e}},
    {Op::setf_sig, Op::getf_sig, 0, {0, 0x1003e}},
    {Op::setf_exp, Op::getf_exp, 0x2ffff, {u64{1} << 63, 0x2ffff}},
    {Op::setf_exp, Op::getf_exp, 0, {u64{1} << 63, 0}},
    {Op::setf_s, Op::getf_s, 0x3f80'0000, {u64{1} << 63, 0x0ffff}},                     // 1.0
    {Op::setf_s, Op::getf_s, 0xc048'0000, {0xc800'0000'0000'0000, 0x30000}},            // -3.125
    {Op::setf_s, Op::getf_s, 0x0000'0001, {u64{1} << 40, 0x0ff81}},                     // 2^-149
    {Op::setf_s, Op::getf_s, 0xff80'0000, {u64{1} << 63, 0x3ffff}},                     // -infinity
    {Op::setf_d, Op::getf_d, 0x3ff8'0000'0000'0000, {0xc000'0000'0000'0000, 0x0ffff}},  // 1.5
    {Op::setf_d, Op::getf_d, 0x8000'0000'0000'0000, {0, 0x20000}},                      // -0.0
    {Op::setf_d, Op::getf_d, 0x7ff8'0000'0000'0001, {0xc000'0000'0000'0800, 0x1ffff}},  // a quiet NaN
};

}  // namespace

TEST_CASE("setf and getf") {
  Bench bench;
  for (const Pair& v : both_ways) {
    INFO(row_of(v.setf).text << std::hex << " " << v.general);
    bench.set(40, v.general);
    REQUIRE(bench.run(slot_of(v.setf, {50, 40})) == Next::leave);
    CHECK(bench.p.r.fr[50] == v.floating);
    REQUIRE(bench.run(slot_of(v.getf, {41, 50})) == Next::leave);
    CHECK(bench.p.r.gr[41] == v.general);
    CHECK(bench.p.r.nat[41] == 0);
  }
  CHECK_FALSE(bench.p.any_nat);
}

TEST_CASE("setf takes what its format has, and no more of the register") {
  Bench bench;
  bench.set(40, 0xdead'beef'3f80'0000);
  bench.run(slot_of(Op::setf_s, {50, 40}));
  CHECK(bench.p.r.fr[50] == fp::one());
  bench.set(40, 0xffff'ffff'fffc'ffff);
  bench.run(slot_of(Op::setf_exp, {50, 40}));
  CHECK(bench.p.r.fr[50] == fp::one());
}

TEST_CASE("a NaT becomes a NaTVal, a NaTVal becomes a NaT") {
  Bench bench;
  for (Op op : {Op::setf_sig, Op::setf_exp, Op::setf_s, Op::setf_d}) {
    bench.p.r.fr[50] = fp::one();
    bench.set(40, 7, true);
    bench.run(slot_of(op, {50, 40}));
    CHECK(bench.p.r.fr[50] == fp::Register{0, 0x1fffe});
  }
  for (Op op : {Op::getf_sig, Op::getf_exp, Op::getf_s, Op::getf_d}) {
    bench.forget_nats();
    bench.run(slot_of(op, {41, 50}));
    CHECK(bench.p.r.nat[41] == 1);
    CHECK(bench.p.any_nat);
  }
}

TEST_CASE("writes of floating-point registers show in PSR.mfl and mfh") {
  Bench bench;
  bench.p.r.psr = 0;
  bench.run(slot_of(Op::setf_sig, {31, 40}));
  CHECK(bench.p.r.psr == psr::mfl);
  bench.p.r.psr = 0;
  bench.run(slot_of(Op::setf_sig, {32, 40}));
  CHECK(bench.p.r.psr == psr::mfh);
}
