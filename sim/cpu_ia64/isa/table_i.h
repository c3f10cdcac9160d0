// I unit: formats I1 to I30 (Intel SDM volume 3, 4.3). How a row reads: row.h.
#pragma once
#include "sim/cpu_ia64/isa/row.h"

namespace xs::ia64::table::unit_i {

using namespace flag;

constexpr Pattern multimedia(u64 za, u64 zb, u64 x2a, u64 x2b) {
  return major(7) | bit(36, za) | bits(35, 34, x2a) | bit(33, zb) | bit(32, 0) | bits(29, 28, x2b);
}
constexpr Pattern multimedia(u64 za, u64 zb, u64 x2a, u64 x2b, u64 x2c) {
  return multimedia(za, zb, x2a, x2b) | bits(31, 30, x2c);
}
constexpr Pattern extract(u64 y) { return major(5) | bits(35, 34, 1) | bit(33, 0) | bit(13, y); }
constexpr Pattern deposit_zero(u64 y) { return major(5) | bits(35, 34, 1) | bit(33, 1) | bit(26, y); }
constexpr Pattern test(u64 ta, u64 tb, u64 c, u64 y) {
  return major(5) | bit(36, tb) | bits(35, 34, 0) | bit(33, ta) | bit(13, y) | bit(12, c);
}
constexpr Pattern test_bit(u64 ta, u64 tb, u64 c) { return test(ta, tb, c, 0); }
constexpr Pattern test_nat(u64 ta, u64 tb, u64 c, u64 x) { return test(ta, tb, c, 1) | bit(19, x); }
constexpr Pattern misc(u64 x6) { return major(0) | bits(35, 33, 0) | bits(32, 27, x6); }

// clang-format off
inline constexpr Row rows[] = {
    // I1: multiply and shift right
    {"I1", multimedia(0, 1, 0, 3), Op::pmpyshr2, {out, gr, gr}, {&imm::multiply_shift}, 0, "pmpyshr2 %r1=%r2,%r3,%imm1"},
    {"I1", multimedia(0, 1, 0, 1), Op::pmpyshr2_u, {out, gr, gr}, {&imm::multiply_shift}, 0, "pmpyshr2.u %r1=%r2,%r3,%imm1"},
    // I2: multiply, mix, pack, unpack, minimum, maximum
    {"I2", multimedia(0, 1, 2, 1, 3), Op::pmpy2_r, {out, gr, gr}, {}, 0, "pmpy2.r %r1=%r2,%r3"},
    {"I2", multimedia(0, 1, 2, 3, 3), Op::pmpy2_l, {out, gr, gr}, {}, 0, "pmpy2.l %r1=%r2,%r3"},
    {"I2", multimedia(1, 0, 0, 1, 3), Op::mpy4, {out, gr, gr}, {}, not_itanium2, "mpy4 %r1=%r2,%r3"},
    {"I2", multimedia(1, 0, 0, 3, 3), Op::mpyshl4, {out, gr, gr}, {}, not_itanium2, "mpyshl4 %r1=%r2,%r3"},
    {"I2", multimedia(0, 0, 2, 0, 2), Op::mix1_r, {out, gr, gr}, {}, 0, "mix1.r %r1=%r2,%r3"},
    {"I2", multimedia(0, 1, 2, 0, 2), Op::mix2_r, {out, gr, gr}, {}, 0, "mix2.r %r1=%r2,%r3"},
    {"I2", multimedia(1, 0, 2, 0, 2), Op::mix4_r, {out, gr, gr}, {}, 0, "mix4.r %r1=%r2,%r3"},
    {"I2", multimedia(0, 0, 2, 2, 2), Op::mix1_l, {out, gr, gr}, {}, 0, "mix1.l %r1=%r2,%r3"},
    {"I2", multimedia(0, 1, 2, 2, 2), Op::mix2_l, {out, gr, gr}, {}, 0, "mix2.l %r1=%r2,%r3"},
    {"I2", multimedia(1, 0, 2, 2, 2), Op::mix4_l, {out, gr, gr}, {}, 0, "mix4.l %r1=%r2,%r3"},
    {"I2", multimedia(0, 1, 2, 0, 0), Op::pack2_uss, {out, gr, gr}, {}, 0, "pack2.uss %r1=%r2,%r3"},
    {"I2", multimedia(0, 1, 2, 2, 0), Op::pack2_sss, {out, gr, gr}, {}, 0, "pack2.sss %r1=%r2,%r3"},
    {"I2", multimedia(1, 0, 2, 2, 0), Op::pack4_sss, {out, gr, gr}, {}, 0, "pack4.sss %r1=%r2,%r3"},
    {"I2", multimedia(0, 0, 2, 0, 1), Op::unpack1_h, {out, gr, gr}, {}, 0, "unpack1.h %r1=%r2,%r3"},
    {"I2", multimedia(0, 1, 2, 0, 1), Op::unpack2_h, {out, gr, gr}, {}, 0, "unpack2.h %r1=%r2,%r3"},
    {"I2", multimedia(1, 0, 2, 0, 1), Op::unpack4_h, {out, gr, gr}, {}, 0, "unpack4.h %r1=%r2,%r3"},
    {"I2", multimedia(0, 0, 2, 2, 1), Op::unpack1_l, {out, gr, gr}, {}, 0, "unpack1.l %r1=%r2,%r3"},
    {"I2", multimedia(0, 1, 2, 2, 1), Op::unpack2_l, {out, gr, gr}, {}, 0, "unpack2.l %r1=%r2,%r3"},
    {"I2", multimedia(1, 0, 2, 2, 1), Op::unpack4_l, {out, gr, gr}, {}, 0, "unpack4.l %r1=%r2,%r3"},
    {"I2", multimedia(0, 0, 2, 1, 0), Op::pmin1_u, {out, gr, gr}, {}, 0, "pmin1.u %r1=%r2,%r3"},
    {"I2", multimedia(0, 0, 2, 1, 1), Op::pmax1_u, {out, gr, gr}, {}, 0, "pmax1.u %r1=%r2,%r3"},
    {"I2", multimedia(0, 1, 2, 3, 0), Op::pmin2, {out, gr, gr}, {}, 0, "pmin2 %r1=%r2,%r3"},
    {"I2", multimedia(0, 1, 2, 3, 1), Op::pmax2, {out, gr, gr}, {}, 0, "pmax2 %r1=%r2,%r3"},
    {"I2", multimedia(0, 0, 2, 3, 2), Op::psad1, {out, gr, gr}, {}, 0, "psad1 %r1=%r2,%r3"},
    // I3, I4: permute
    {"I3", multimedia(0, 0, 3, 2, 2) | bits(23, 20, 0x0), Op::mux1_brcst, {out, gr}, {}, 0, "mux1 %r1=%r2,@brcst"},
    {"I3", multimedia(0, 0, 3, 2, 2) | bits(23, 20, 0x8), Op::mux1_mix, {out, gr}, {}, 0, "mux1 %r1=%r2,@mix"},
    {"I3", multimedia(0, 0, 3, 2, 2) | bits(23, 20, 0x9), Op::mux1_shuf, {out, gr}, {}, 0, "mux1 %r1=%r2,@shuf"},
    {"I3", multimedia(0, 0, 3, 2, 2) | bits(23, 20, 0xa), Op::mux1_alt, {out, gr}, {}, 0, "mux1 %r1=%r2,@alt"},
    {"I3", multimedia(0, 0, 3, 2, 2) | bits(23, 20, 0xb), Op::mux1_rev, {out, gr}, {}, 0, "mux1 %r1=%r2,@rev"},
    {"I4", multimedia(0, 1, 3, 2, 2), Op::mux2, {out, gr}, {&imm::mux_words}, 0, "mux2 %r1=%r2,%hex1"},
    // I5, I6: shift right: r3 by r2, by an immediate
    {"I5", multimedia(0, 1, 0, 2, 0), Op::pshr2, {out, gr, gr}, {}, 0, "pshr2 %r1=%r3,%r2"},
    {"I5", multimedia(1, 0, 0, 2, 0), Op::pshr4, {out, gr, gr}, {}, 0, "pshr4 %r1=%r3,%r2"},
    {"I5", multimedia(1, 1, 0, 2, 0), Op::shr, {out, gr, gr}, {}, 0, "shr %r1=%r3,%r2"},
    {"I5", multimedia(0, 1, 0, 0, 0), Op::pshr2_u, {out, gr, gr}, {}, 0, "pshr2.u %r1=%r3,%r2"},
    {"I5", multimedia(1, 0, 0, 0, 0), Op::pshr4_u, {out, gr, gr}, {}, 0, "pshr4.u %r1=%r3,%r2"},
    {"I5", multimedia(1, 1, 0, 0, 0), Op::shr_u, {out, gr, gr}, {}, 0, "shr.u %r1=%r3,%r2"},
    {"I6", multimedia(0, 1, 1, 3, 0), Op::pshr2_imm, {out, none, gr}, {&imm::count_right}, 0, "pshr2 %r1=%r3,%imm1"},
    {"I6", multimedia(1, 0, 1, 3, 0), Op::pshr4_imm, {out, none, gr}, {&imm::count_right}, 0, "pshr4 %r1=%r3,%imm1"},
    {"I6", multimedia(0, 1, 1, 1, 0), Op::pshr2_u_imm, {out, none, gr}, {&imm::count_right}, 0, "pshr2.u %r1=%r3,%imm1"},
    {"I6", multimedia(1, 0, 1, 1, 0), Op::pshr4_u_imm, {out, none, gr}, {&imm::count_right}, 0, "pshr4.u %r1=%r3,%imm1"},
    // I7, I8: shift left: r2 by r3, by an immediate
    {"I7", multimedia(0, 1, 0, 0, 1), Op::pshl2, {out, gr, gr}, {}, 0, "pshl2 %r1=%r2,%r3"},
    {"I7", multimedia(1, 0, 0, 0, 1), Op::pshl4, {out, gr, gr}, {}, 0, "pshl4 %r1=%r2,%r3"},
    {"I7", multimedia(1, 1, 0, 0, 1), Op::shl, {out, gr, gr}, {}, 0, "shl %r1=%r2,%r3"},
    {"I8", multimedia(0, 1, 3, 1, 1), Op::pshl2_imm, {out, gr}, {&imm::count_left}, 0, "pshl2 %r1=%r2,%imm1"},
    {"I8", multimedia(1, 0, 3, 1, 1), Op::pshl4_imm, {out, gr}, {&imm::count_left}, 0, "pshl4 %r1=%r2,%imm1"},
    // I9: count bits
    {"I9", multimedia(0, 1, 1, 1, 2), Op::popcnt, {out, none, gr}, {}, 0, "popcnt %r1=%r3"},
    {"I9", multimedia(0, 1, 1, 1, 3), Op::clz, {out, none, gr}, {}, not_itanium2, "clz %r1=%r3"},
    // I10 to I15: shift a pair, extract, deposit
    {"I10", major(5) | bits(35, 34, 3) | bit(33, 0), Op::shrp, {out, gr, gr}, {&imm::count6}, 0, "shrp %r1=%r2,%r3,%imm1"},
    {"I11", extract(0), Op::extr_u, {out, none, gr}, {&imm::position, &imm::length}, 0, "extr.u %r1=%r3,%imm1,%imm2"},
    {"I11", extract(1), Op::extr, {out, none, gr}, {&imm::position, &imm::length}, 0, "extr %r1=%r3,%imm1,%imm2"},
    {"I12", deposit_zero(0), Op::dep_z, {out, gr}, {&imm::deposit_position, &imm::length}, 0, "dep.z %r1=%r2,%imm1,%imm2"},
    {"I13", deposit_zero(1), Op::dep_z_imm, {out}, {&imm::deposit_position, &imm::length, &imm::s8}, 0, "dep.z %r1=%imm3,%imm1,%imm2"},
    {"I14", major(5) | bits(35, 34, 3) | bit(33, 1), Op::dep_imm, {out, none, gr}, {&imm::deposit_position14, &imm::length, &imm::s1}, 0, "dep %r1=%imm3,%r3,%imm1,%imm2"},
    {"I15", major(4), Op::dep, {out, gr, gr}, {&imm::deposit_position15, &imm::length4}, 0, "dep %r1=%r2,%r3,%imm1,%imm2"},
    // I16, I17, I30: test a bit, a NaT bit, a feature of CPUID[4]
    {"I16", test_bit(0, 0, 0), Op::tbit_z, {pout, none, gr, pout}, {&imm::position}, targets_differ, "tbit.z %p1,%p2=%r3,%imm1"},
    {"I16", test_bit(0, 0, 1), Op::tbit_z_unc, {pout, none, gr, pout}, {&imm::position}, targets_differ | unconditional, "tbit.z.unc %p1,%p2=%r3,%imm1"},
    {"I16", test_bit(0, 1, 0), Op::tbit_z_and, {pout, none, gr, pout}, {&imm::position}, targets_differ, "tbit.z.and %p1,%p2=%r3,%imm1"},
    {"I16", test_bit(0, 1, 1), Op::tbit_nz_and, {pout, none, gr, pout}, {&imm::position}, targets_differ, "tbit.nz.and %p1,%p2=%r3,%imm1"},
    {"I16", test_bit(1, 0, 0), Op::tbit_z_or, {pout, none, gr, pout}, {&imm::position}, targets_differ, "tbit.z.or %p1,%p2=%r3,%imm1"},
    {"I16", test_bit(1, 0, 1), Op::tbit_nz_or, {pout, none, gr, pout}, {&imm::position}, targets_differ, "tbit.nz.or %p1,%p2=%r3,%imm1"},
    {"I16", test_bit(1, 1, 0), Op::tbit_z_or_andcm, {pout, none, gr, pout}, {&imm::position}, targets_differ, "tbit.z.or.andcm %p1,%p2=%r3,%imm1"},
    {"I16", test_bit(1, 1, 1), Op::tbit_nz_or_andcm, {pout, none, gr, pout}, {&imm::position}, targets_differ, "tbit.nz.or.andcm %p1,%p2=%r3,%imm1"},
    {"I17", test_nat(0, 0, 0, 0), Op::tnat_z, {pout, none, gr, pout}, {}, targets_differ, "tnat.z %p1,%p2=%r3"},
    {"I17", test_nat(0, 0, 1, 0), Op::tnat_z_unc, {pout, none, gr, pout}, {}, targets_differ | unconditional, "tnat.z.unc %p1,%p2=%r3"},
    {"I17", test_nat(0, 1, 0, 0), Op::tnat_z_and, {pout, none, gr, pout}, {}, targets_differ, "tnat.z.and %p1,%p2=%r3"},
    {"I17", test_nat(0, 1, 1, 0), Op::tnat_nz_and, {pout, none, gr, pout}, {}, targets_differ, "tnat.nz.and %p1,%p2=%r3"},
    {"I17", test_nat(1, 0, 0, 0), Op::tnat_z_or, {pout, none, gr, pout}, {}, targets_differ, "tnat.z.or %p1,%p2=%r3"},
    {"I17", test_nat(1, 0, 1, 0), Op::tnat_nz_or, {pout, none, gr, pout}, {}, targets_differ, "tnat.nz.or %p1,%p2=%r3"},
    {"I17", test_nat(1, 1, 0, 0), Op::tnat_z_or_andcm, {pout, none, gr, pout}, {}, targets_differ, "tnat.z.or.andcm %p1,%p2=%r3"},
    {"I17", test_nat(1, 1, 1, 0), Op::tnat_nz_or_andcm, {pout, none, gr, pout}, {}, targets_differ, "tnat.nz.or.andcm %p1,%p2=%r3"},
    {"I30", test_nat(0, 0, 0, 1), Op::tf_z, {pout, none, none, pout}, {&imm::feature}, targets_differ | not_itanium2, "tf.z %p1,%p2=%imm1"},
    {"I30", test_nat(0, 0, 1, 1), Op::tf_z_unc, {pout, none, none, pout}, {&imm::feature}, targets_differ | unconditional | not_itanium2, "tf.z.unc %p1,%p2=%imm1"},
    {"I30", test_nat(0, 1, 0, 1), Op::tf_z_and, {pout, none, none, pout}, {&imm::feature}, targets_differ | not_itanium2, "tf.z.and %p1,%p2=%imm1"},
    {"I30", test_nat(0, 1, 1, 1), Op::tf_nz_and, {pout, none, none, pout}, {&imm::feature}, targets_differ | not_itanium2, "tf.nz.and %p1,%p2=%imm1"},
    {"I30", test_nat(1, 0, 0, 1), Op::tf_z_or, {pout, none, none, pout}, {&imm::feature}, targets_differ | not_itanium2, "tf.z.or %p1,%p2=%imm1"},
    {"I30", test_nat(1, 0, 1, 1), Op::tf_nz_or, {pout, none, none, pout}, {&imm::feature}, targets_differ | not_itanium2, "tf.nz.or %p1,%p2=%imm1"},
    {"I30", test_nat(1, 1, 0, 1), Op::tf_z_or_andcm, {pout, none, none, pout}, {&imm::feature}, targets_differ | not_itanium2, "tf.z.or.andcm %p1,%p2=%imm1"},
    {"I30", test_nat(1, 1, 1, 1), Op::tf_nz_or_andcm, {pout, none, none, pout}, {&imm::feature}, targets_differ | not_itanium2, "tf.nz.or.andcm %p1,%p2=%imm1"},
    // I18, I19: nop, hint, break
    {"I18", misc(0x01) | bit(26, 0), Op::nop, {}, {&imm::u21}, 0, "nop.i %hex1"},
    {"I18", misc(0x01) | bit(26, 1), Op::hint, {}, {&imm::u21}, 0, "hint.i %hex1"},
    {"I19", misc(0x00), Op::break_, {}, {&imm::u21}, 0, "break.i %hex1"},
    // I20: speculation check
    {"I20", major(0) | bits(35, 33, 1), Op::chk_s, {none, gr}, {&imm::check}, branch, "chk.s.i %r2,%target1"},
    // I21, I22: branch registers
    {"I21", major(0) | bits(35, 33, 7), Op::mov_to_br, {bout, gr}, {&imm::move_tag}, 0, "mov%mwh%ih23 %b1=%r2,%target1"},
    {"I22", misc(0x31), Op::mov_from_br, {out, br}, {}, 0, "mov %r1=%b2"},
    // I23 to I25: predicates and IP
    {"I23", major(0) | bits(35, 33, 3), Op::mov_to_pr, {none, gr}, {&imm::pr_mask}, 0, "mov pr=%r2,%hex1"},
    {"I24", major(0) | bits(35, 33, 2), Op::mov_to_pr_rotating, {}, {&imm::pr_rotating}, 0, "mov pr.rot=%hex1"},
    {"I25", misc(0x30), Op::mov_from_ip, {out}, {}, 0, "mov %r1=ip"},
    {"I25", misc(0x33), Op::mov_from_pr, {out}, {}, 0, "mov %r1=pr"},
    // I26 to I28: application registers of the I unit
    {"I26", misc(0x2a), Op::mov_to_ar_i, {none, gr, Operand::ar_out}, {}, 0, "mov.i %ar3=%r2"},
    {"I27", misc(0x0a), Op::mov_to_ar_i_imm, {none, none, Operand::ar_out}, {&imm::s8}, 0, "mov.i %ar3=%imm1"},
    {"I28", misc(0x32), Op::mov_from_ar_i, {out, none, Operand::ar}, {}, 0, "mov.i %r1=%ar3"},
    // I29: extend, find a zero
    {"I29", misc(0x10), Op::zxt1, {out, none, gr}, {}, 0, "zxt1 %r1=%r3"},
    {"I29", misc(0x11), Op::zxt2, {out, none, gr}, {}, 0, "zxt2 %r1=%r3"},
    {"I29", misc(0x12), Op::zxt4, {out, none, gr}, {}, 0, "zxt4 %r1=%r3"},
    {"I29", misc(0x14), Op::sxt1, {out, none, gr}, {}, 0, "sxt1 %r1=%r3"},
    {"I29", misc(0x15), Op::sxt2, {out, none, gr}, {}, 0, "sxt2 %r1=%r3"},
    {"I29", misc(0x16), Op::sxt4, {out, none, gr}, {}, 0, "sxt4 %r1=%r3"},
    {"I29", misc(0x18), Op::czx1_l, {out, none, gr}, {}, 0, "czx1.l %r1=%r3"},
    {"I29", misc(0x19), Op::czx2_l, {out, none, gr}, {}, 0, "czx2.l %r1=%r3"},
    {"I29", misc(0x1c), Op::czx1_r, {out, none, gr}, {}, 0, "czx1.r %r1=%r3"},
    {"I29", misc(0x1d), Op::czx2_r, {out, none, gr}, {}, 0, "czx2.r %r1=%r3"},
};
// clang-format on

}  // namespace xs::ia64::table::unit_i
