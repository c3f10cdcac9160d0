// Floating-point operands for tests: host numbers, pairs of them, and the rows of the F unit.
#pragma once
#include <bit>
#include <string>

#include "sim/cpu_ia64/float/status.h"
#include "tests/unit/cpu_ia64/exec/bench.h"

namespace xs::ia64::test {

inline fp::Register number(double x) { return fp::from_double(std::bit_cast<u64>(x)); }
inline fp::Register pair(float left, float right) {
  return fp::integer(u64{std::bit_cast<u32>(left)} << 32 | std::bit_cast<u32>(right));
}
inline u64 bits_of(float left, float right) { return pair(left, right).significand; }
inline const fp::Register natval{0, 0x1fffe};

/// Where sources and the target stand: different registers, so that a mix-up shows.
inline constexpr unsigned f1 = 10, f2 = 40, f3 = 50, f4 = 60;
/// p1 is r1 of a compare; both have p2 in the fourth place.
inline constexpr unsigned p1 = 7, p2 = 9;

inline bool writes_fr(const Row& row) { return row.operand[0] == Operand::fr_out; }
inline bool is_parallel(const Row& row) {
  return std::string(row.text).rfind("fp", 0) == 0 && row.op != Op::fpack;
}

inline Places places_of(const Row& row) {
  return {writes_fr(row) ? f1 : p1, f2, f3, row.operand[3] == Operand::pr_out ? p2 : f4};
}
/// Every row of the F unit that computes.
template <class Visit>
unsigned for_each_float_row(Visit visit) {
  unsigned count = 0;
  for (const Row& row : rows_of_table(3)) {
    if (row.operand[0] == Operand::none) continue;
    INFO(row.format << " " << row.text);
    visit(row);
    ++count;
  }
  return count;
}

struct FloatBench : Bench {
  FloatBench() {
    p.r.fpsr = fp::default_fpsr;
    p.r.fr[1] = fp::one();
    p.r.pr = 1;
  }
  void operands(fp::Register second, fp::Register third, fp::Register fourth = {}) {
    p.r.fr[f2] = second;
    p.r.fr[f3] = third;
    p.r.fr[f4] = fourth;
  }
  Next execute(Op op, u64 imm = 0, u8 x = 0, u16 y = 0) {
    return run(slot_of(op, places_of(row_of(op)), imm, x, y));
  }
  /// The result of an operation that completes.
  fp::Register result(Op op, u64 imm = 0) {
    REQUIRE(execute(op, imm) == Next::leave);
    return p.r.fr[f1];
  }
  bool predicate(unsigned n) const { return (p.r.pr >> n & 1) != 0; }
  u8 flags(unsigned sf) const { return fp::flags(p.r.fpsr, sf); }
};

}  // namespace xs::ia64::test
