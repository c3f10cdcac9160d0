// F unit: formats F1 to F16 (Intel SDM volume 3, 4.6). How a row reads: row.h.
#pragma once
#include "sim/cpu_ia64/isa/row.h"

namespace xs::ia64::table::unit_f {

using namespace flag;

constexpr Pattern arithmetic(u64 opcode, u64 x) { return major(opcode) | bit(36, x); }
constexpr Pattern compare(u64 ra, u64 rb, u64 ta) {
  return major(4) | bit(36, rb) | bit(33, ra) | bit(12, ta);
}
constexpr Pattern approximate(u64 opcode, u64 q) { return major(opcode) | bit(36, q) | bit(33, 1); }
constexpr Pattern other(u64 opcode, u64 x6) { return major(opcode) | bit(33, 0) | bits(32, 27, x6); }

// clang-format off
inline constexpr Row rows[] = {
    // F1: multiply and add, subtract, negate
    {"F1", arithmetic(0x8, 0), Op::fma, {fout, fr, fr, fr}, {&imm::status_field}, 0, "fma%sf %f1=%f3,%f4,%f2"},
    {"F1", arithmetic(0x8, 1), Op::fma_s, {fout, fr, fr, fr}, {&imm::status_field}, 0, "fma.s%sf %f1=%f3,%f4,%f2"},
    {"F1", arithmetic(0x9, 0), Op::fma_d, {fout, fr, fr, fr}, {&imm::status_field}, 0, "fma.d%sf %f1=%f3,%f4,%f2"},
    {"F1", arithmetic(0x9, 1), Op::fpma, {fout, fr, fr, fr}, {&imm::status_field}, 0, "fpma%sf %f1=%f3,%f4,%f2"},
    {"F1", arithmetic(0xa, 0), Op::fms, {fout, fr, fr, fr}, {&imm::status_field}, 0, "fms%sf %f1=%f3,%f4,%f2"},
    {"F1", arithmetic(0xa, 1), Op::fms_s, {fout, fr, fr, fr}, {&imm::status_field}, 0, "fms.s%sf %f1=%f3,%f4,%f2"},
    {"F1", arithmetic(0xb, 0), Op::fms_d, {fout, fr, fr, fr}, {&imm::status_field}, 0, "fms.d%sf %f1=%f3,%f4,%f2"},
    {"F1", arithmetic(0xb, 1), Op::fpms, {fout, fr, fr, fr}, {&imm::status_field}, 0, "fpms%sf %f1=%f3,%f4,%f2"},
    {"F1", arithmetic(0xc, 0), Op::fnma, {fout, fr, fr, fr}, {&imm::status_field}, 0, "fnma%sf %f1=%f3,%f4,%f2"},
    {"F1", arithmetic(0xc, 1), Op::fnma_s, {fout, fr, fr, fr}, {&imm::status_field}, 0, "fnma.s%sf %f1=%f3,%f4,%f2"},
    {"F1", arithmetic(0xd, 0), Op::fnma_d, {fout, fr, fr, fr}, {&imm::status_field}, 0, "fnma.d%sf %f1=%f3,%f4,%f2"},
    {"F1", arithmetic(0xd, 1), Op::fpnma, {fout, fr, fr, fr}, {&imm::status_field}, 0, "fpnma%sf %f1=%f3,%f4,%f2"},
    // F2, F3: integer multiply and add, parallel select
    {"F2", arithmetic(0xe, 1) | bits(35, 34, 0), Op::xma_l, {fout, fr, fr, fr}, {}, 0, "xma.l %f1=%f3,%f4,%f2"},
    {"F2", arithmetic(0xe, 1) | bits(35, 34, 3), Op::xma_h, {fout, fr, fr, fr}, {}, 0, "xma.h %f1=%f3,%f4,%f2"},
    {"F2", arithmetic(0xe, 1) | bits(35, 34, 2), Op::xma_hu, {fout, fr, fr, fr}, {}, 0, "xma.hu %f1=%f3,%f4,%f2"},
    {"F3", arithmetic(0xe, 0), Op::fselect, {fout, fr, fr, fr}, {}, 0, "fselect %f1=%f3,%f4,%f2"},
    // F4, F5: compare, classify
    {"F4", compare(0, 0, 0), Op::fcmp_eq, {pout, fr, fr, pout}, {&imm::status_field}, targets_differ, "fcmp.eq%sf %p1,%p2=%f2,%f3"},
    {"F4", compare(0, 1, 0), Op::fcmp_lt, {pout, fr, fr, pout}, {&imm::status_field}, targets_differ, "fcmp.lt%sf %p1,%p2=%f2,%f3"},
    {"F4", compare(1, 0, 0), Op::fcmp_le, {pout, fr, fr, pout}, {&imm::status_field}, targets_differ, "fcmp.le%sf %p1,%p2=%f2,%f3"},
    {"F4", compare(1, 1, 0), Op::fcmp_unord, {pout, fr, fr, pout}, {&imm::status_field}, targets_differ, "fcmp.unord%sf %p1,%p2=%f2,%f3"},
    {"F4", compare(0, 0, 1), Op::fcmp_eq_unc, {pout, fr, fr, pout}, {&imm::status_field}, targets_differ | unconditional, "fcmp.eq.unc%sf %p1,%p2=%f2,%f3"},
    {"F4", compare(0, 1, 1), Op::fcmp_lt_unc, {pout, fr, fr, pout}, {&imm::status_field}, targets_differ | unconditional, "fcmp.lt.unc%sf %p1,%p2=%f2,%f3"},
    {"F4", compare(1, 0, 1), Op::fcmp_le_unc, {pout, fr, fr, pout}, {&imm::status_field}, targets_differ | unconditional, "fcmp.le.unc%sf %p1,%p2=%f2,%f3"},
    {"F4", compare(1, 1, 1), Op::fcmp_unord_unc, {pout, fr, fr, pout}, {&imm::status_field}, targets_differ | unconditional, "fcmp.unord.unc%sf %p1,%p2=%f2,%f3"},
    {"F5", major(5) | bit(12, 0), Op::fclass_m, {pout, fr, none, pout}, {&imm::fclass}, targets_differ, "fclass.m %p1,%p2=%f2,%hex1"},
    {"F5", major(5) | bit(12, 1), Op::fclass_m_unc, {pout, fr, none, pout}, {&imm::fclass}, targets_differ | unconditional, "fclass.m.unc %p1,%p2=%f2,%hex1"},
    // F6, F7: reciprocal and reciprocal square root approximation; p2 is cleared when PR[qp] is 0
    {"F6", approximate(0, 0), Op::frcpa, {fout, fr, fr, pout}, {&imm::status_field}, unconditional, "frcpa%sf %f1,%p2=%f2,%f3"},
    {"F6", approximate(1, 0), Op::fprcpa, {fout, fr, fr, pout}, {&imm::status_field}, unconditional, "fprcpa%sf %f1,%p2=%f2,%f3"},
    {"F7", approximate(0, 1), Op::frsqrta, {fout, none, fr, pout}, {&imm::status_field}, unconditional, "frsqrta%sf %f1,%p2=%f3"},
    {"F7", approximate(1, 1), Op::fprsqrta, {fout, none, fr, pout}, {&imm::status_field}, unconditional, "fprsqrta%sf %f1,%p2=%f3"},
    // F8: minimum, maximum, parallel compare
    {"F8", other(0, 0x14), Op::fmin, {fout, fr, fr}, {&imm::status_field}, 0, "fmin%sf %f1=%f2,%f3"},
    {"F8", other(0, 0x15), Op::fmax, {fout, fr, fr}, {&imm::status_field}, 0, "fmax%sf %f1=%f2,%f3"},
    {"F8", other(0, 0x16), Op::famin, {fout, fr, fr}, {&imm::status_field}, 0, "famin%sf %f1=%f2,%f3"},
    {"F8", other(0, 0x17), Op::famax, {fout, fr, fr}, {&imm::status_field}, 0, "famax%sf %f1=%f2,%f3"},
    {"F8", other(1, 0x14), Op::fpmin, {fout, fr, fr}, {&imm::status_field}, 0, "fpmin%sf %f1=%f2,%f3"},
    {"F8", other(1, 0x15), Op::fpmax, {fout, fr, fr}, {&imm::status_field}, 0, "fpmax%sf %f1=%f2,%f3"},
    {"F8", other(1, 0x16), Op::fpamin, {fout, fr, fr}, {&imm::status_field}, 0, "fpamin%sf %f1=%f2,%f3"},
    {"F8", other(1, 0x17), Op::fpamax, {fout, fr, fr}, {&imm::status_field}, 0, "fpamax%sf %f1=%f2,%f3"},
    {"F8", other(1, 0x30), Op::fpcmp_eq, {fout, fr, fr}, {&imm::status_field}, 0, "fpcmp.eq%sf %f1=%f2,%f3"},
    {"F8", other(1, 0x31), Op::fpcmp_lt, {fout, fr, fr}, {&imm::status_field}, 0, "fpcmp.lt%sf %f1=%f2,%f3"},
    {"F8", other(1, 0x32), Op::fpcmp_le, {fout, fr, fr}, {&imm::status_field}, 0, "fpcmp.le%sf %f1=%f2,%f3"},
    {"F8", other(1, 0x33), Op::fpcmp_unord, {fout, fr, fr}, {&imm::status_field}, 0, "fpcmp.unord%sf %f1=%f2,%f3"},
    {"F8", other(1, 0x34), Op::fpcmp_neq, {fout, fr, fr}, {&imm::status_field}, 0, "fpcmp.neq%sf %f1=%f2,%f3"},
    {"F8", other(1, 0x35), Op::fpcmp_nlt, {fout, fr, fr}, {&imm::status_field}, 0, "fpcmp.nlt%sf %f1=%f2,%f3"},
    {"F8", other(1, 0x36), Op::fpcmp_nle, {fout, fr, fr}, {&imm::status_field}, 0, "fpcmp.nle%sf %f1=%f2,%f3"},
    {"F8", other(1, 0x37), Op::fpcmp_ord, {fout, fr, fr}, {&imm::status_field}, 0, "fpcmp.ord%sf %f1=%f2,%f3"},
    // F9: merge, logical
    {"F9", other(0, 0x10), Op::fmerge_s, {fout, fr, fr}, {}, 0, "fmerge.s %f1=%f2,%f3"},
    {"F9", other(0, 0x11), Op::fmerge_ns, {fout, fr, fr}, {}, 0, "fmerge.ns %f1=%f2,%f3"},
    {"F9", other(0, 0x12), Op::fmerge_se, {fout, fr, fr}, {}, 0, "fmerge.se %f1=%f2,%f3"},
    {"F9", other(0, 0x39), Op::fmix_lr, {fout, fr, fr}, {}, 0, "fmix.lr %f1=%f2,%f3"},
    {"F9", other(0, 0x3a), Op::fmix_r, {fout, fr, fr}, {}, 0, "fmix.r %f1=%f2,%f3"},
    {"F9", other(0, 0x3b), Op::fmix_l, {fout, fr, fr}, {}, 0, "fmix.l %f1=%f2,%f3"},
    {"F9", other(0, 0x3c), Op::fsxt_r, {fout, fr, fr}, {}, 0, "fsxt.r %f1=%f2,%f3"},
    {"F9", other(0, 0x3d), Op::fsxt_l, {fout, fr, fr}, {}, 0, "fsxt.l %f1=%f2,%f3"},
    {"F9", other(0, 0x28), Op::fpack, {fout, fr, fr}, {}, 0, "fpack %f1=%f2,%f3"},
    {"F9", other(0, 0x34), Op::fswap, {fout, fr, fr}, {}, 0, "fswap %f1=%f2,%f3"},
    {"F9", other(0, 0x35), Op::fswap_nl, {fout, fr, fr}, {}, 0, "fswap.nl %f1=%f2,%f3"},
    {"F9", other(0, 0x36), Op::fswap_nr, {fout, fr, fr}, {}, 0, "fswap.nr %f1=%f2,%f3"},
    {"F9", other(0, 0x2c), Op::fand, {fout, fr, fr}, {}, 0, "fand %f1=%f2,%f3"},
    {"F9", other(0, 0x2d), Op::fandcm, {fout, fr, fr}, {}, 0, "fandcm %f1=%f2,%f3"},
    {"F9", other(0, 0x2e), Op::for_, {fout, fr, fr}, {}, 0, "for %f1=%f2,%f3"},
    {"F9", other(0, 0x2f), Op::fxor, {fout, fr, fr}, {}, 0, "fxor %f1=%f2,%f3"},
    {"F9", other(1, 0x10), Op::fpmerge_s, {fout, fr, fr}, {}, 0, "fpmerge.s %f1=%f2,%f3"},
    {"F9", other(1, 0x11), Op::fpmerge_ns, {fout, fr, fr}, {}, 0, "fpmerge.ns %f1=%f2,%f3"},
    {"F9", other(1, 0x12), Op::fpmerge_se, {fout, fr, fr}, {}, 0, "fpmerge.se %f1=%f2,%f3"},
    // F10, F11: convert to and from integer
    {"F10", other(0, 0x18), Op::fcvt_fx, {fout, fr}, {&imm::status_field}, 0, "fcvt.fx%sf %f1=%f2"},
    {"F10", other(0, 0x19), Op::fcvt_fxu, {fout, fr}, {&imm::status_field}, 0, "fcvt.fxu%sf %f1=%f2"},
    {"F10", other(0, 0x1a), Op::fcvt_fx_trunc, {fout, fr}, {&imm::status_field}, 0, "fcvt.fx.trunc%sf %f1=%f2"},
    {"F10", other(0, 0x1b), Op::fcvt_fxu_trunc, {fout, fr}, {&imm::status_field}, 0, "fcvt.fxu.trunc%sf %f1=%f2"},
    {"F10", other(1, 0x18), Op::fpcvt_fx, {fout, fr}, {&imm::status_field}, 0, "fpcvt.fx%sf %f1=%f2"},
    {"F10", other(1, 0x19), Op::fpcvt_fxu, {fout, fr}, {&imm::status_field}, 0, "fpcvt.fxu%sf %f1=%f2"},
    {"F10", other(1, 0x1a), Op::fpcvt_fx_trunc, {fout, fr}, {&imm::status_field}, 0, "fpcvt.fx.trunc%sf %f1=%f2"},
    {"F10", other(1, 0x1b), Op::fpcvt_fxu_trunc, {fout, fr}, {&imm::status_field}, 0, "fpcvt.fxu.trunc%sf %f1=%f2"},
    {"F11", other(0, 0x1c), Op::fcvt_xf, {fout, fr}, {}, 0, "fcvt.xf %f1=%f2"},
    // F12 to F14: FPSR: set controls, clear flags, check flags
    {"F12", other(0, 0x04), Op::fsetc, {}, {&imm::status_field, &imm::and_mask, &imm::or_mask}, 0, "fsetc%sf %hex2,%hex3"},
    {"F13", other(0, 0x05), Op::fclrf, {}, {&imm::status_field}, 0, "fclrf%sf"},
    {"F14", other(0, 0x08), Op::fchkf, {}, {&imm::check_fp, &imm::status_field}, branch, "fchkf%sf %target1"},
    // F15, F16: break, nop, hint
    {"F15", other(0, 0x00), Op::break_, {}, {&imm::u21}, 0, "break.f %hex1"},
    {"F16", other(0, 0x01) | bit(26, 0), Op::nop, {}, {&imm::u21}, 0, "nop.f %hex1"},
    {"F16", other(0, 0x01) | bit(26, 1), Op::hint, {}, {&imm::u21}, 0, "hint.f %hex1"},
};
// clang-format on

}  // namespace xs::ia64::table::unit_f
