// Integer ALU, for M and I slots: formats A1 to A10 (Intel SDM volume 3, 4.2). How a row reads: row.h.
#pragma once
#include "sim/cpu_ia64/isa/row.h"

namespace xs::ia64::table::unit_a {

using namespace flag;

constexpr Pattern alu(u64 x4) { return major(8) | bits(35, 34, 0) | bit(33, 0) | bits(32, 29, x4); }
constexpr Pattern alu(u64 x4, u64 x2b) { return alu(x4) | bits(28, 27, x2b); }
constexpr Pattern add14(u64 x2a) { return major(8) | bits(35, 34, x2a) | bit(33, 0); }
constexpr Pattern compare_imm(u64 opcode, u64 x2, u64 ta, u64 c) {
  return major(opcode) | bits(35, 34, x2) | bit(33, ta) | bit(12, c);
}
constexpr Pattern compare(u64 opcode, u64 x2, u64 tb, u64 ta, u64 c) {
  return compare_imm(opcode, x2, ta, c) | bit(36, tb);
}
constexpr Pattern parallel(u64 za, u64 zb, u64 x4) {
  return major(8) | bit(36, za) | bits(35, 34, 1) | bit(33, zb) | bits(32, 29, x4);
}
constexpr Pattern parallel(u64 za, u64 zb, u64 x4, u64 x2b) {
  return parallel(za, zb, x4) | bits(28, 27, x2b);
}

// clang-format off
inline constexpr Row rows[] = {
    // A1: integer ALU, register
    {"A1", alu(0, 0), Op::add, {out, gr, gr}, {}, 0, "add %r1=%r2,%r3"},
    {"A1", alu(0, 1), Op::add_plus1, {out, gr, gr}, {}, 0, "add %r1=%r2,%r3,1"},
    {"A1", alu(1, 1), Op::sub, {out, gr, gr}, {}, 0, "sub %r1=%r2,%r3"},
    {"A1", alu(1, 0), Op::sub_minus1, {out, gr, gr}, {}, 0, "sub %r1=%r2,%r3,1"},
    {"A1", alu(2, 0), Op::addp4, {out, gr, gr}, {}, 0, "addp4 %r1=%r2,%r3"},
    {"A1", alu(3, 0), Op::and_, {out, gr, gr}, {}, 0, "and %r1=%r2,%r3"},
    {"A1", alu(3, 1), Op::andcm, {out, gr, gr}, {}, 0, "andcm %r1=%r2,%r3"},
    {"A1", alu(3, 2), Op::or_, {out, gr, gr}, {}, 0, "or %r1=%r2,%r3"},
    {"A1", alu(3, 3), Op::xor_, {out, gr, gr}, {}, 0, "xor %r1=%r2,%r3"},
    // A2: shift left and add
    {"A2", alu(4), Op::shladd, {out, gr, gr}, {&imm::shift_add}, 0, "shladd %r1=%r2,%imm1,%r3"},
    {"A2", alu(6), Op::shladdp4, {out, gr, gr}, {&imm::shift_add}, 0, "shladdp4 %r1=%r2,%imm1,%r3"},
    // A3: integer ALU, 8-bit immediate
    {"A3", alu(9, 1), Op::sub_imm, {out, none, gr}, {&imm::s8}, 0, "sub %r1=%imm1,%r3"},
    {"A3", alu(11, 0), Op::and_imm, {out, none, gr}, {&imm::s8}, 0, "and %r1=%imm1,%r3"},
    {"A3", alu(11, 1), Op::andcm_imm, {out, none, gr}, {&imm::s8}, 0, "andcm %r1=%imm1,%r3"},
    {"A3", alu(11, 2), Op::or_imm, {out, none, gr}, {&imm::s8}, 0, "or %r1=%imm1,%r3"},
    {"A3", alu(11, 3), Op::xor_imm, {out, none, gr}, {&imm::s8}, 0, "xor %r1=%imm1,%r3"},
    // A4: add, 14-bit immediate
    {"A4", add14(2), Op::add_imm, {out, none, gr}, {&imm::s14}, 0, "adds %r1=%imm1,%r3"},
    {"A4", add14(3), Op::addp4_imm, {out, none, gr}, {&imm::s14}, 0, "addp4 %r1=%imm1,%r3"},
    // A5: add, 22-bit immediate
    {"A5", major(9), Op::add_imm, {out, none, Operand::gr_low}, {&imm::s22}, 0, "addl %r1=%imm1,%low3"},
    // A6: compare, register
    {"A6", compare(0xc, 0, 0, 0, 0), Op::cmp_lt, {pout, gr, gr, pout}, {}, targets_differ, "cmp.lt %p1,%p2=%r2,%r3"},
    {"A6", compare(0xd, 0, 0, 0, 0), Op::cmp_ltu, {pout, gr, gr, pout}, {}, targets_differ, "cmp.ltu %p1,%p2=%r2,%r3"},
    {"A6", compare(0xe, 0, 0, 0, 0), Op::cmp_eq, {pout, gr, gr, pout}, {}, targets_differ, "cmp.eq %p1,%p2=%r2,%r3"},
    {"A6", compare(0xc, 0, 0, 0, 1), Op::cmp_lt_unc, {pout, gr, gr, pout}, {}, targets_differ | unconditional, "cmp.lt.unc %p1,%p2=%r2,%r3"},
    {"A6", compare(0xd, 0, 0, 0, 1), Op::cmp_ltu_unc, {pout, gr, gr, pout}, {}, targets_differ | unconditional, "cmp.ltu.unc %p1,%p2=%r2,%r3"},
    {"A6", compare(0xe, 0, 0, 0, 1), Op::cmp_eq_unc, {pout, gr, gr, pout}, {}, targets_differ | unconditional, "cmp.eq.unc %p1,%p2=%r2,%r3"},
    {"A6", compare(0xc, 0, 0, 1, 0), Op::cmp_eq_and, {pout, gr, gr, pout}, {}, targets_differ, "cmp.eq.and %p1,%p2=%r2,%r3"},
    {"A6", compare(0xd, 0, 0, 1, 0), Op::cmp_eq_or, {pout, gr, gr, pout}, {}, targets_differ, "cmp.eq.or %p1,%p2=%r2,%r3"},
    {"A6", compare(0xe, 0, 0, 1, 0), Op::cmp_eq_or_andcm, {pout, gr, gr, pout}, {}, targets_differ, "cmp.eq.or.andcm %p1,%p2=%r2,%r3"},
    {"A6", compare(0xc, 0, 0, 1, 1), Op::cmp_ne_and, {pout, gr, gr, pout}, {}, targets_differ, "cmp.ne.and %p1,%p2=%r2,%r3"},
    {"A6", compare(0xd, 0, 0, 1, 1), Op::cmp_ne_or, {pout, gr, gr, pout}, {}, targets_differ, "cmp.ne.or %p1,%p2=%r2,%r3"},
    {"A6", compare(0xe, 0, 0, 1, 1), Op::cmp_ne_or_andcm, {pout, gr, gr, pout}, {}, targets_differ, "cmp.ne.or.andcm %p1,%p2=%r2,%r3"},
    {"A6", compare(0xc, 1, 0, 0, 0), Op::cmp4_lt, {pout, gr, gr, pout}, {}, targets_differ, "cmp4.lt %p1,%p2=%r2,%r3"},
    {"A6", compare(0xd, 1, 0, 0, 0), Op::cmp4_ltu, {pout, gr, gr, pout}, {}, targets_differ, "cmp4.ltu %p1,%p2=%r2,%r3"},
    {"A6", compare(0xe, 1, 0, 0, 0), Op::cmp4_eq, {pout, gr, gr, pout}, {}, targets_differ, "cmp4.eq %p1,%p2=%r2,%r3"},
    {"A6", compare(0xc, 1, 0, 0, 1), Op::cmp4_lt_unc, {pout, gr, gr, pout}, {}, targets_differ | unconditional, "cmp4.lt.unc %p1,%p2=%r2,%r3"},
    {"A6", compare(0xd, 1, 0, 0, 1), Op::cmp4_ltu_unc, {pout, gr, gr, pout}, {}, targets_differ | unconditional, "cmp4.ltu.unc %p1,%p2=%r2,%r3"},
    {"A6", compare(0xe, 1, 0, 0, 1), Op::cmp4_eq_unc, {pout, gr, gr, pout}, {}, targets_differ | unconditional, "cmp4.eq.unc %p1,%p2=%r2,%r3"},
    {"A6", compare(0xc, 1, 0, 1, 0), Op::cmp4_eq_and, {pout, gr, gr, pout}, {}, targets_differ, "cmp4.eq.and %p1,%p2=%r2,%r3"},
    {"A6", compare(0xd, 1, 0, 1, 0), Op::cmp4_eq_or, {pout, gr, gr, pout}, {}, targets_differ, "cmp4.eq.or %p1,%p2=%r2,%r3"},
    {"A6", compare(0xe, 1, 0, 1, 0), Op::cmp4_eq_or_andcm, {pout, gr, gr, pout}, {}, targets_differ, "cmp4.eq.or.andcm %p1,%p2=%r2,%r3"},
    {"A6", compare(0xc, 1, 0, 1, 1), Op::cmp4_ne_and, {pout, gr, gr, pout}, {}, targets_differ, "cmp4.ne.and %p1,%p2=%r2,%r3"},
    {"A6", compare(0xd, 1, 0, 1, 1), Op::cmp4_ne_or, {pout, gr, gr, pout}, {}, targets_differ, "cmp4.ne.or %p1,%p2=%r2,%r3"},
    {"A6", compare(0xe, 1, 0, 1, 1), Op::cmp4_ne_or_andcm, {pout, gr, gr, pout}, {}, targets_differ, "cmp4.ne.or.andcm %p1,%p2=%r2,%r3"},
    // A7: compare to zero (r0 on the left)
    {"A7", compare(0xc, 0, 1, 0, 0), Op::cmp_gt_and, {pout, none, gr, pout}, {}, targets_differ, "cmp.gt.and %p1,%p2=r0,%r3"},
    {"A7", compare(0xd, 0, 1, 0, 0), Op::cmp_gt_or, {pout, none, gr, pout}, {}, targets_differ, "cmp.gt.or %p1,%p2=r0,%r3"},
    {"A7", compare(0xe, 0, 1, 0, 0), Op::cmp_gt_or_andcm, {pout, none, gr, pout}, {}, targets_differ, "cmp.gt.or.andcm %p1,%p2=r0,%r3"},
    {"A7", compare(0xc, 0, 1, 0, 1), Op::cmp_le_and, {pout, none, gr, pout}, {}, targets_differ, "cmp.le.and %p1,%p2=r0,%r3"},
    {"A7", compare(0xd, 0, 1, 0, 1), Op::cmp_le_or, {pout, none, gr, pout}, {}, targets_differ, "cmp.le.or %p1,%p2=r0,%r3"},
    {"A7", compare(0xe, 0, 1, 0, 1), Op::cmp_le_or_andcm, {pout, none, gr, pout}, {}, targets_differ, "cmp.le.or.andcm %p1,%p2=r0,%r3"},
    {"A7", compare(0xc, 0, 1, 1, 0), Op::cmp_ge_and, {pout, none, gr, pout}, {}, targets_differ, "cmp.ge.and %p1,%p2=r0,%r3"},
    {"A7", compare(0xd, 0, 1, 1, 0), Op::cmp_ge_or, {pout, none, gr, pout}, {}, targets_differ, "cmp.ge.or %p1,%p2=r0,%r3"},
    {"A7", compare(0xe, 0, 1, 1, 0), Op::cmp_ge_or_andcm, {pout, none, gr, pout}, {}, targets_differ, "cmp.ge.or.andcm %p1,%p2=r0,%r3"},
    {"A7", compare(0xc, 0, 1, 1, 1), Op::cmp_lt_and, {pout, none, gr, pout}, {}, targets_differ, "cmp.lt.and %p1,%p2=r0,%r3"},
    {"A7", compare(0xd, 0, 1, 1, 1), Op::cmp_lt_or, {pout, none, gr, pout}, {}, targets_differ, "cmp.lt.or %p1,%p2=r0,%r3"},
    {"A7", compare(0xe, 0, 1, 1, 1), Op::cmp_lt_or_andcm, {pout, none, gr, pout}, {}, targets_differ, "cmp.lt.or.andcm %p1,%p2=r0,%r3"},
    {"A7", compare(0xc, 1, 1, 0, 0), Op::cmp4_gt_and, {pout, none, gr, pout}, {}, targets_differ, "cmp4.gt.and %p1,%p2=r0,%r3"},
    {"A7", compare(0xd, 1, 1, 0, 0), Op::cmp4_gt_or, {pout, none, gr, pout}, {}, targets_differ, "cmp4.gt.or %p1,%p2=r0,%r3"},
    {"A7", compare(0xe, 1, 1, 0, 0), Op::cmp4_gt_or_andcm, {pout, none, gr, pout}, {}, targets_differ, "cmp4.gt.or.andcm %p1,%p2=r0,%r3"},
    {"A7", compare(0xc, 1, 1, 0, 1), Op::cmp4_le_and, {pout, none, gr, pout}, {}, targets_differ, "cmp4.le.and %p1,%p2=r0,%r3"},
    {"A7", compare(0xd, 1, 1, 0, 1), Op::cmp4_le_or, {pout, none, gr, pout}, {}, targets_differ, "cmp4.le.or %p1,%p2=r0,%r3"},
    {"A7", compare(0xe, 1, 1, 0, 1), Op::cmp4_le_or_andcm, {pout, none, gr, pout}, {}, targets_differ, "cmp4.le.or.andcm %p1,%p2=r0,%r3"},
    {"A7", compare(0xc, 1, 1, 1, 0), Op::cmp4_ge_and, {pout, none, gr, pout}, {}, targets_differ, "cmp4.ge.and %p1,%p2=r0,%r3"},
    {"A7", compare(0xd, 1, 1, 1, 0), Op::cmp4_ge_or, {pout, none, gr, pout}, {}, targets_differ, "cmp4.ge.or %p1,%p2=r0,%r3"},
    {"A7", compare(0xe, 1, 1, 1, 0), Op::cmp4_ge_or_andcm, {pout, none, gr, pout}, {}, targets_differ, "cmp4.ge.or.andcm %p1,%p2=r0,%r3"},
    {"A7", compare(0xc, 1, 1, 1, 1), Op::cmp4_lt_and, {pout, none, gr, pout}, {}, targets_differ, "cmp4.lt.and %p1,%p2=r0,%r3"},
    {"A7", compare(0xd, 1, 1, 1, 1), Op::cmp4_lt_or, {pout, none, gr, pout}, {}, targets_differ, "cmp4.lt.or %p1,%p2=r0,%r3"},
    {"A7", compare(0xe, 1, 1, 1, 1), Op::cmp4_lt_or_andcm, {pout, none, gr, pout}, {}, targets_differ, "cmp4.lt.or.andcm %p1,%p2=r0,%r3"},
    // A8: compare, 8-bit immediate on the left
    {"A8", compare_imm(0xc, 2, 0, 0), Op::cmp_lt_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp.lt %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xd, 2, 0, 0), Op::cmp_ltu_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp.ltu %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xe, 2, 0, 0), Op::cmp_eq_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp.eq %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xc, 2, 0, 1), Op::cmp_lt_unc_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ | unconditional, "cmp.lt.unc %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xd, 2, 0, 1), Op::cmp_ltu_unc_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ | unconditional, "cmp.ltu.unc %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xe, 2, 0, 1), Op::cmp_eq_unc_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ | unconditional, "cmp.eq.unc %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xc, 2, 1, 0), Op::cmp_eq_and_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp.eq.and %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xd, 2, 1, 0), Op::cmp_eq_or_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp.eq.or %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xe, 2, 1, 0), Op::cmp_eq_or_andcm_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp.eq.or.andcm %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xc, 2, 1, 1), Op::cmp_ne_and_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp.ne.and %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xd, 2, 1, 1), Op::cmp_ne_or_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp.ne.or %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xe, 2, 1, 1), Op::cmp_ne_or_andcm_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp.ne.or.andcm %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xc, 3, 0, 0), Op::cmp4_lt_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp4.lt %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xd, 3, 0, 0), Op::cmp4_ltu_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp4.ltu %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xe, 3, 0, 0), Op::cmp4_eq_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp4.eq %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xc, 3, 0, 1), Op::cmp4_lt_unc_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ | unconditional, "cmp4.lt.unc %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xd, 3, 0, 1), Op::cmp4_ltu_unc_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ | unconditional, "cmp4.ltu.unc %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xe, 3, 0, 1), Op::cmp4_eq_unc_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ | unconditional, "cmp4.eq.unc %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xc, 3, 1, 0), Op::cmp4_eq_and_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp4.eq.and %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xd, 3, 1, 0), Op::cmp4_eq_or_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp4.eq.or %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xe, 3, 1, 0), Op::cmp4_eq_or_andcm_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp4.eq.or.andcm %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xc, 3, 1, 1), Op::cmp4_ne_and_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp4.ne.and %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xd, 3, 1, 1), Op::cmp4_ne_or_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp4.ne.or %p1,%p2=%imm1,%r3"},
    {"A8", compare_imm(0xe, 3, 1, 1), Op::cmp4_ne_or_andcm_imm, {pout, none, gr, pout}, {&imm::s8}, targets_differ, "cmp4.ne.or.andcm %p1,%p2=%imm1,%r3"},
    // A9: parallel ALU
    {"A9", parallel(0, 0, 0, 0), Op::padd1, {out, gr, gr}, {}, 0, "padd1 %r1=%r2,%r3"},
    {"A9", parallel(0, 1, 0, 0), Op::padd2, {out, gr, gr}, {}, 0, "padd2 %r1=%r2,%r3"},
    {"A9", parallel(1, 0, 0, 0), Op::padd4, {out, gr, gr}, {}, 0, "padd4 %r1=%r2,%r3"},
    {"A9", parallel(0, 0, 0, 1), Op::padd1_sss, {out, gr, gr}, {}, 0, "padd1.sss %r1=%r2,%r3"},
    {"A9", parallel(0, 1, 0, 1), Op::padd2_sss, {out, gr, gr}, {}, 0, "padd2.sss %r1=%r2,%r3"},
    {"A9", parallel(0, 0, 0, 2), Op::padd1_uuu, {out, gr, gr}, {}, 0, "padd1.uuu %r1=%r2,%r3"},
    {"A9", parallel(0, 1, 0, 2), Op::padd2_uuu, {out, gr, gr}, {}, 0, "padd2.uuu %r1=%r2,%r3"},
    {"A9", parallel(0, 0, 0, 3), Op::padd1_uus, {out, gr, gr}, {}, 0, "padd1.uus %r1=%r2,%r3"},
    {"A9", parallel(0, 1, 0, 3), Op::padd2_uus, {out, gr, gr}, {}, 0, "padd2.uus %r1=%r2,%r3"},
    {"A9", parallel(0, 0, 1, 0), Op::psub1, {out, gr, gr}, {}, 0, "psub1 %r1=%r2,%r3"},
    {"A9", parallel(0, 1, 1, 0), Op::psub2, {out, gr, gr}, {}, 0, "psub2 %r1=%r2,%r3"},
    {"A9", parallel(1, 0, 1, 0), Op::psub4, {out, gr, gr}, {}, 0, "psub4 %r1=%r2,%r3"},
    {"A9", parallel(0, 0, 1, 1), Op::psub1_sss, {out, gr, gr}, {}, 0, "psub1.sss %r1=%r2,%r3"},
    {"A9", parallel(0, 1, 1, 1), Op::psub2_sss, {out, gr, gr}, {}, 0, "psub2.sss %r1=%r2,%r3"},
    {"A9", parallel(0, 0, 1, 2), Op::psub1_uuu, {out, gr, gr}, {}, 0, "psub1.uuu %r1=%r2,%r3"},
    {"A9", parallel(0, 1, 1, 2), Op::psub2_uuu, {out, gr, gr}, {}, 0, "psub2.uuu %r1=%r2,%r3"},
    {"A9", parallel(0, 0, 1, 3), Op::psub1_uus, {out, gr, gr}, {}, 0, "psub1.uus %r1=%r2,%r3"},
    {"A9", parallel(0, 1, 1, 3), Op::psub2_uus, {out, gr, gr}, {}, 0, "psub2.uus %r1=%r2,%r3"},
    {"A9", parallel(0, 0, 2, 2), Op::pavg1, {out, gr, gr}, {}, 0, "pavg1 %r1=%r2,%r3"},
    {"A9", parallel(0, 1, 2, 2), Op::pavg2, {out, gr, gr}, {}, 0, "pavg2 %r1=%r2,%r3"},
    {"A9", parallel(0, 0, 2, 3), Op::pavg1_raz, {out, gr, gr}, {}, 0, "pavg1.raz %r1=%r2,%r3"},
    {"A9", parallel(0, 1, 2, 3), Op::pavg2_raz, {out, gr, gr}, {}, 0, "pavg2.raz %r1=%r2,%r3"},
    {"A9", parallel(0, 0, 3, 2), Op::pavgsub1, {out, gr, gr}, {}, 0, "pavgsub1 %r1=%r2,%r3"},
    {"A9", parallel(0, 1, 3, 2), Op::pavgsub2, {out, gr, gr}, {}, 0, "pavgsub2 %r1=%r2,%r3"},
    {"A9", parallel(0, 0, 9, 0), Op::pcmp1_eq, {out, gr, gr}, {}, 0, "pcmp1.eq %r1=%r2,%r3"},
    {"A9", parallel(0, 1, 9, 0), Op::pcmp2_eq, {out, gr, gr}, {}, 0, "pcmp2.eq %r1=%r2,%r3"},
    {"A9", parallel(1, 0, 9, 0), Op::pcmp4_eq, {out, gr, gr}, {}, 0, "pcmp4.eq %r1=%r2,%r3"},
    {"A9", parallel(0, 0, 9, 1), Op::pcmp1_gt, {out, gr, gr}, {}, 0, "pcmp1.gt %r1=%r2,%r3"},
    {"A9", parallel(0, 1, 9, 1), Op::pcmp2_gt, {out, gr, gr}, {}, 0, "pcmp2.gt %r1=%r2,%r3"},
    {"A9", parallel(1, 0, 9, 1), Op::pcmp4_gt, {out, gr, gr}, {}, 0, "pcmp4.gt %r1=%r2,%r3"},
    // A10: parallel shift and add
    {"A10", parallel(0, 1, 4), Op::pshladd2, {out, gr, gr}, {&imm::shift_add}, 0, "pshladd2 %r1=%r2,%imm1,%r3"},
    {"A10", parallel(0, 1, 6), Op::pshradd2, {out, gr, gr}, {&imm::shift_add}, 0, "pshradd2 %r1=%r2,%imm1,%r3"},
};
// clang-format on

}  // namespace xs::ia64::table::unit_a
