// No instruction of these units is without a handler.
#include <set>

#include "tests/unit/cpu_ia64/exec/bench.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

TEST_CASE("every encoding of the A, I and F units that only computes has a handler") {
  // Those that do more, or nothing: nop and hint, break, checks, moves to and from other registers.
  const std::set<Op> elsewhere = {Op::nop,
                                  Op::hint,
                                  Op::break_,
                                  Op::chk_s,
                                  Op::fchkf,
                                  Op::mov_to_br,
                                  Op::mov_from_br,
                                  Op::mov_to_pr,
                                  Op::mov_to_pr_rotating,
                                  Op::mov_from_ip,
                                  Op::mov_from_pr,
                                  Op::mov_to_ar_i,
                                  Op::mov_to_ar_i_imm,
                                  Op::mov_from_ar_i};
  unsigned covered = 0;
  for (unsigned table : {0u, 1u, 3u})
    for (const Row& row : rows_of_table(table)) {
      if (row.has(flag::not_itanium2) || elsewhere.contains(row.op)) continue;
      INFO(row.format << " " << row.text);
      CHECK(handlers().get(row.op, Handlers::none) != nullptr);
      ++covered;
    }
  CHECK(covered > 270);
}

TEST_CASE("setf, getf and movl have handlers") {
  for (Op op : {Op::setf_sig, Op::setf_exp, Op::setf_s, Op::setf_d, Op::getf_sig, Op::getf_exp, Op::getf_s,
                Op::getf_d, Op::movl})
    CHECK(handlers().get(op, Handlers::none) != nullptr);
}
