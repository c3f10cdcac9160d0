// X instructions, which take the L slot too: formats X1 to X5 (Intel SDM volume 3, 4.7). How a row reads:
// row.h.
#pragma once
#include "sim/cpu_ia64/isa/row.h"

namespace xs::ia64::table::unit_x {

using namespace flag;

constexpr Pattern misc(u64 x6) { return major(0) | bits(35, 33, 0) | bits(32, 27, x6); }

// clang-format off
inline constexpr Row rows[] = {
    // X1, X2: break, 64-bit immediate
    {"X1", misc(0x00), Op::break_, {}, {&imm::u62}, in_l_slot, "break.x %hex1"},
    {"X2", major(6) | bit(20, 0), Op::movl, {out}, {&imm::u64_all}, in_l_slot, "movl %r1=%hex1"},
    // X3, X4: long branch, long call
    {"X3", major(0xc) | bits(8, 6, 0), Op::br_cond, {}, {&imm::branch_long}, branch | group_end | group_last | in_l_slot, "brl.cond%bwh%ph%dh %target1"},
    {"X4", major(0xd), Op::br_call, {bout}, {&imm::branch_long}, branch | group_end | group_last | in_l_slot, "brl.call%bwh%ph%dh %b1=%target1"},
    // X5: nop, hint
    {"X5", misc(0x01) | bit(26, 0), Op::nop, {}, {&imm::u62}, in_l_slot, "nop.x %hex1"},
    {"X5", misc(0x01) | bit(26, 1), Op::hint, {}, {&imm::u62}, in_l_slot, "hint.x %hex1"},
};
// clang-format on

}  // namespace xs::ia64::table::unit_x
