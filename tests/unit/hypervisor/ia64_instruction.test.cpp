// The hypervisor's decoder of privileged IA-64 instructions against the simulator's, which objdump has
// judged: on random bundles, and on every privileged row of the tables with every register.
#include "hypervisor/arch/ia64/instruction.h"

#include <catch2/catch.hpp>
#include <random>

#include "sim/cpu_ia64/isa/decode.h"

using namespace hv;
using xs::ia64::Op;

namespace {

struct Known {
  Op op;
  Operation operation;
  unsigned index;
};
constexpr Known kKnown[] = {
    {Op::rfi, Operation::rfi, 0},
    {Op::bsw_0, Operation::bank_switch, 0},
    {Op::bsw_1, Operation::bank_switch, 0},
    {Op::ssm, Operation::set_mask, 0},
    {Op::rsm, Operation::reset_mask, 0},
    {Op::mov_from_psr, Operation::read_psr, 0},
    {Op::mov_to_psr_l, Operation::write_psr_low, 0},
    {Op::mov_to_rr, Operation::write_indirect, kTableRegion},
    {Op::mov_to_dbr, Operation::write_indirect, kTableDbr},
    {Op::mov_to_ibr, Operation::write_indirect, kTableIbr},
    {Op::mov_to_pkr, Operation::write_indirect, kTablePkr},
    {Op::mov_to_pmc, Operation::write_indirect, kTablePmc},
    {Op::mov_to_pmd, Operation::write_indirect, kTablePmd},
    {Op::mov_from_rr, Operation::read_indirect, kTableRegion},
    {Op::mov_from_dbr, Operation::read_indirect, kTableDbr},
    {Op::mov_from_ibr, Operation::read_indirect, kTableIbr},
    {Op::mov_from_pkr, Operation::read_indirect, kTablePkr},
    {Op::mov_from_pmc, Operation::read_indirect, kTablePmc},
    {Op::itc_d, Operation::insert_tc, 0},
    {Op::itc_i, Operation::insert_tc, 1},
    {Op::itr_d, Operation::insert_tr, 0},
    {Op::itr_i, Operation::insert_tr, 1},
    {Op::ptc_l, Operation::purge_local, 0},
    {Op::ptc_g, Operation::purge_global, 0},
    {Op::ptc_ga, Operation::purge_global, 1},
    {Op::ptr_d, Operation::purge_tr, 0},
    {Op::ptr_i, Operation::purge_tr, 1},
    {Op::ptc_e, Operation::purge_all, 0},
    {Op::tpa, Operation::translate, 0},
    {Op::tak, Operation::access_key, 0},
};
constexpr Op kNotDomains[] = {Op::vmsw_0, Op::vmsw_1, Op::mov_to_msr, Op::mov_from_msr};

const Known* known(Op op) {
  for (const Known& k : kKnown)
    if (k.op == op) return &k;
  return nullptr;
}

void compare(const xs::ia64::Bundle& bundle, unsigned slot) {
  const xs::ia64::Decoded judge = xs::ia64::decode(bundle, slot);
  if (judge.row == nullptr) return;
  const Instruction own = decode(bundle.low, bundle.high, slot);
  INFO(judge.row->text << " in slot " << slot);
  if (judge.op == Op::mov_to_cr || judge.op == Op::mov_from_cr || judge.op == Op::mov_to_ar_m ||
      judge.op == Op::mov_to_ar_m_imm) {
    CHECK(own.index == judge.r3);
    if (judge.op == Op::mov_from_cr) CHECK(own.r1 == judge.r1);
    if (judge.op == Op::mov_to_cr || judge.op == Op::mov_to_ar_m) CHECK(own.r2 == judge.r2);
    if (judge.op == Op::mov_to_ar_m_imm) CHECK(own.immediate == judge.imm[0]);
    return;
  }
  const Known* k = known(judge.op);
  if (k == nullptr) {
    const bool refused =
        std::find(std::begin(kNotDomains), std::end(kNotDomains), judge.op) != std::end(kNotDomains);
    CHECK((!judge.row->has(xs::ia64::flag::privileged) || refused));
    CHECK(own.operation == Operation::none);
    return;
  }
  CHECK(own.operation == k->operation);
  CHECK(own.index == k->index);
  using xs::ia64::Operand;
  if (judge.row->operand[0] != Operand::none) CHECK(own.r1 == judge.r1);
  if (judge.row->operand[1] != Operand::none) CHECK(own.r2 == judge.r2);
  if (judge.row->operand[2] != Operand::none) CHECK(own.r3 == judge.r3);
  if (judge.op == Op::ssm || judge.op == Op::rsm) CHECK(own.immediate == judge.imm[0]);
  if (judge.op == Op::bsw_0 || judge.op == Op::bsw_1) CHECK(own.immediate == (judge.op == Op::bsw_1));
}

/// A bundle of `form` with `bits` in a slot.
xs::ia64::Bundle with_slot(unsigned form, unsigned slot, xs::u64 bits) {
  const unsigned at = 5 + 41 * slot;
  xs::ia64::Bundle bundle{form, 0};
  if (at < 64) bundle.low |= bits << at;
  bundle.high |= at < 64 ? (at == 5 ? 0 : bits >> (64 - at)) : bits << (at - 64);
  return bundle;
}

}  // namespace

TEST_CASE("every system encoding of the M and B units is decoded as the simulator does") {
  std::mt19937_64 random(1);
  for (unsigned form = 0; form < 32; ++form)
    for (unsigned slot = 0; slot < 3; ++slot)
      for (xs::u64 major = 0; major < 2; ++major)
        for (xs::u64 x3 = 0; x3 < 8; ++x3)
          for (xs::u64 x6 = 0; x6 < 64; ++x6)
            for (unsigned turn = 0; turn < 4; ++turn) {
              const xs::u64 rest = random() & ((xs::u64{1} << 27) - 64) & ~xs::u64{63};
              compare(with_slot(form, slot, major << 37 | (random() & 1) << 36 | x3 << 33 | x6 << 27 | rest),
                      slot);
            }
}

TEST_CASE("random bundles are decoded as the simulator does") {
  std::mt19937_64 random(2);
  for (unsigned n = 0; n < 300000; ++n) {
    const xs::ia64::Bundle bundle{random(), random()};
    for (unsigned slot = 0; slot < 3; ++slot) compare(bundle, slot);
  }
}
