// What decoding refuses, of instructions that do something even when PR[qp] is 0: the fault needs the
// predicate, but for a compare with equal targets (SDM vol. 3, fcmp, fclass, frcpa).
#include "tests/unit/cpu_ia64/exec/float_bench.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

namespace {

constexpr unsigned qp = 6;

struct Refused : FloatBench {
  Next execute(Op op, Places places, u64 mode, bool predicate_) {
    p.r.pr = 1 | u64{predicate_} << qp | u64{1} << p1 | u64{1} << p2;
    p.pending = {};
    operands(number(1), number(2));
    return run_bits(row_of(op), bits_for(row_of(op), places, qp), mode);
  }
};

}  // namespace

TEST_CASE("a disabled register does not matter when PR[qp] is 0") {
  Refused bench;
  unsigned rows = 0;
  for_each_float_row([&](const Row& row) {
    if (!row.has(flag::unconditional)) return;
    ++rows;
    REQUIRE(bench.execute(row.op, places_of(row), psr::dfh, false) == Next::leave);
    CHECK_FALSE(bench.predicate(p2));
    CHECK(bench.predicate(p1) == writes_fr(row));
    REQUIRE(bench.execute(row.op, places_of(row), psr::dfh, true) == Next::fault);
    CHECK(bench.p.pending.vector == Vector::disabled_fp_register);
    CHECK(bench.predicate(p1));
    CHECK(bench.predicate(p2));
  });
  CHECK(rows == 5 + 4);
}

TEST_CASE("a reserved target of frcpa is illegal when PR[qp] is 1") {
  Refused bench;
  for (Op op : {Op::frcpa, Op::fprcpa, Op::frsqrta, Op::fprsqrta}) {
    REQUIRE(bench.execute(op, {1, f2, f3, p2}, 0, false) == Next::leave);
    CHECK_FALSE(bench.predicate(p2));
    REQUIRE(bench.execute(op, {1, f2, f3, p2}, 0, true) == Next::fault);
    CHECK(bench.p.pending.vector == Vector::general_exception);
    CHECK(bench.p.pending.isr == isr::illegal_operation);
    CHECK(bench.predicate(p2));
  }
}

TEST_CASE("equal targets of an unconditional compare are illegal whatever PR[qp] is") {
  Refused bench;
  for (Op op : {Op::fcmp_lt_unc, Op::fclass_m_unc})
    for (bool predicate : {false, true}) {
      REQUIRE(bench.execute(op, {p1, f2, f3, p1}, psr::dfh, predicate) == Next::fault);
      CHECK(bench.p.pending.vector == Vector::general_exception);
      CHECK(bench.predicate(p1));
    }
  REQUIRE(bench.execute(Op::fcmp_lt, {p1, f2, f3, p1}, 0, false) == Next::leave);
  REQUIRE(bench.execute(Op::fcmp_lt, {p1, f2, f3, p1}, 0, true) == Next::fault);
}

TEST_CASE("alloc with a predicate is illegal whatever it is") {
  Refused bench;
  for (bool predicate : {false, true}) {
    REQUIRE(bench.execute(Op::alloc, {8}, 0, predicate) == Next::fault);
    CHECK(bench.p.pending.vector == Vector::general_exception);
    CHECK(bench.p.pending.isr == isr::illegal_operation);
  }
  REQUIRE(bench.run_bits(row_of(Op::alloc), bits_for(row_of(Op::alloc), {8}, 0)) == Next::leave);
}
