// What holds for all floating-point instructions alike: NaTVals, status fields, faults, PSR.mfl and mfh. Rows
// of the instruction tables are the list.
#include "tests/unit/cpu_ia64/exec/float_bench.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

namespace {

constexpr u64 td(unsigned sf) { return u64{1} << (6 + 13 * sf + 6); }
constexpr u64 flag_bit(unsigned sf, unsigned n) { return u64{1} << (6 + 13 * sf + 7 + n); }

/// An exception that all operands raise: in a register and in halves of one.
struct Raising {
  const char* what;
  fp::Register scalar;
  u32 single;
  unsigned bit;  // of FPSR.traps, of the flags, of ISR.code
};
const Raising raising[] = {
    {"invalid", {0xa000'0000'0000'0000, 0x1ffff}, 0x7fa0'0000, 0},   // signaling NaNs
    {"denormal", {0x4000'0000'0000'0000, 0x0ffff}, 0x0000'0001, 1},  // not normalized
};

bool has_status_field(const Row& row) { return row.imm[0] == &imm::status_field; }

void raise(FloatBench& bench, const Row& row, const Raising& r) {
  const fp::Register operand = is_parallel(row) ? fp::integer(u64{r.single} << 32 | r.single) : r.scalar;
  bench.operands(operand, operand, operand);
}

}  // namespace

TEST_CASE("a NaTVal among the sources gives NaTVal, clear predicates and no flag") {
  FloatBench bench;
  const unsigned rows = for_each_float_row([&](const Row& row) {
    if (row.op == Op::fclass_m || row.op == Op::fclass_m_unc) return;
    for (unsigned place = 1; place < 4; ++place) {
      if (row.operand[place] != Operand::fr) continue;
      for (fp::Register other : {fp::one(), raising[0].scalar}) {
        bench.operands(other, other, other);
        bench.p.r.fr[place == 1 ? f2 : place == 2 ? f3 : f4] = natval;
        bench.p.r.fr[f1] = other;
        bench.p.r.pr = ~u64{0};
        bench.p.r.fpsr = fp::default_fpsr & ~u64{fp::exception::all};  // all enabled
        REQUIRE(bench.execute(row.op) == Next::leave);
        if (writes_fr(row)) CHECK(bench.p.r.fr[f1] == natval);
        if (row.operand[0] == Operand::pr_out) CHECK_FALSE(bench.predicate(p1));
        if (row.operand[3] == Operand::pr_out) CHECK_FALSE(bench.predicate(p2));
        CHECK(bench.p.r.fpsr == (fp::default_fpsr & ~u64{fp::exception::all}));
      }
    }
  });
  CHECK(rows == 74);
}

TEST_CASE("a disabled exception sets its flag in the instruction's own status field") {
  FloatBench bench;
  for (const Raising& r : raising)
    for_each_float_row([&](const Row& row) {
      if (!has_status_field(row)) return;
      for (unsigned sf = 0; sf < 4; ++sf) {
        INFO(r.what << " sf" << sf);
        raise(bench, row, r);
        bench.p.r.fpsr = fp::default_fpsr;
        REQUIRE(bench.execute(row.op, sf) == Next::leave);
        CHECK((bench.p.r.fpsr & flag_bit(sf, r.bit)) != 0);
        u64 elsewhere = bench.p.r.fpsr;
        for (unsigned n = 0; n < 6; ++n) elsewhere &= ~flag_bit(sf, n);
        CHECK(elsewhere == fp::default_fpsr);
      }
    });
}

TEST_CASE("an enabled fault changes nothing") {
  FloatBench bench;
  for (const Raising& r : raising)
    for_each_float_row([&](const Row& row) {
      if (!has_status_field(row)) return;
      for (unsigned sf = 0; sf < 4; ++sf) {
        INFO(r.what << " sf" << sf);
        raise(bench, row, r);
        bench.p.r.fr[f1] = {0x1234, 0x5678};
        bench.p.r.fpsr = (fp::default_fpsr & ~(u64{1} << r.bit)) & ~td(1) & ~td(2) & ~td(3);
        bench.p.r.psr = 0;
        bench.p.r.pr = 1 | u64{1} << p1 | u64{1} << p2;
        bench.p.pending = {};
        const Registers before = bench.p.r;
        REQUIRE(bench.execute(row.op, sf) == Next::fault);
        CHECK(bench.p.pending.vector == Vector::fp_fault);
        const u64 code = u64{1} << r.bit;
        CHECK(bench.p.pending.isr == (is_parallel(row) ? code | code << 4 : code));
        CHECK_FALSE(bench.p.pending.manner == Manner::trap);
        CHECK(bench.p.r.fr == before.fr);
        CHECK(bench.p.r.fpsr == before.fpsr);
        CHECK(bench.p.r.pr == before.pr);
        CHECK(bench.p.r.psr == 0);
      }
    });
}

TEST_CASE("sf.td disables what FPSR.traps enables") {
  FloatBench bench;
  for_each_float_row([&](const Row& row) {
    if (!has_status_field(row)) return;
    for (unsigned sf = 1; sf < 4; ++sf) {
      raise(bench, row, raising[0]);
      bench.p.r.fpsr = (fp::default_fpsr & ~u64{1}) | td(sf);
      CHECK(bench.execute(row.op, sf) == Next::leave);
    }
  });
}

TEST_CASE("only one half of a parallel instruction faults: its own bits of ISR.code") {
  FloatBench bench;
  for_each_float_row([&](const Row& row) {
    if (!has_status_field(row) || !is_parallel(row)) return;
    for (bool high : {false, true}) {
      const fp::Register operand = fp::integer(u64{high ? raising[0].single : 0x3f80'0000} << 32 |
                                               (high ? 0x3f80'0000 : raising[0].single));
      bench.operands(operand, operand, operand);
      bench.p.r.fpsr = fp::default_fpsr & ~u64{1};
      REQUIRE(bench.execute(row.op) == Next::fault);
      CHECK(bench.p.pending.isr == (high ? 0x01 : 0x10));
    }
  });
}

TEST_CASE("a written register shows in PSR.mfl or mfh") {
  FloatBench bench;
  for_each_float_row([&](const Row& row) {
    bench.operands(fp::one(), fp::one(), fp::one());
    for (unsigned target : {2u, 31u, 32u, 127u}) {
      Places places = places_of(row);
      if (writes_fr(row)) places.r1 = target;
      bench.p.r.psr = 0;
      REQUIRE(bench.run(slot_of(row.op, places)) == Next::leave);
      const u64 expected = !writes_fr(row) ? 0 : target < 32 ? psr::mfl : psr::mfh;
      CHECK(bench.p.r.psr == expected);
    }
  });
}

TEST_CASE("unconditional instructions clear their predicates when PR[qp] is 0, and do nothing else") {
  FloatBench bench;
  unsigned rows = 0;
  for_each_float_row([&](const Row& row) {
    if (!row.has(flag::unconditional)) return;
    ++rows;
    raise(bench, row, raising[0]);
    bench.p.r.fpsr = fp::default_fpsr & ~u64{fp::exception::all};
    bench.p.r.psr = 0;
    bench.p.r.pr = 1 | u64{1} << p1 | u64{1} << p2 | u64{1} << 20;
    const Registers before = bench.p.r;
    REQUIRE(bench.run(slot_of(row.op, places_of(row), 0, 0, 0, 6)) == Next::leave);
    CHECK(bench.p.r.fr == before.fr);
    CHECK(bench.p.r.fpsr == before.fpsr);
    CHECK(bench.p.r.psr == 0);
    const u64 first = writes_fr(row) ? u64{1} << p1 : 0;  // frcpa has no p1
    CHECK(bench.p.r.pr == (1 | first | u64{1} << 20));
  });
  CHECK(rows == 5 + 4);
}
