// B unit: formats B1 to B9 (Intel SDM volume 3, 4.5). How a row reads: row.h.
#pragma once
#include "sim/cpu_ia64/isa/row.h"

namespace xs::ia64::table::unit_b {

using namespace flag;

constexpr Pattern relative(u64 btype) { return major(4) | bits(8, 6, btype); }
constexpr Pattern indirect(u64 x6, u64 btype) { return major(0) | bits(32, 27, x6) | bits(8, 6, btype); }
constexpr Pattern system(u64 x6) { return major(0) | bits(32, 27, x6); }
constexpr Pattern predict(u64 x6) { return major(2) | bits(32, 27, x6); }

// clang-format off
inline constexpr Row rows[] = {
    // B1, B2: IP-relative branch, counted branch
    {"B1", relative(0), Op::br_cond, {}, {&imm::branch}, branch | group_end, "br.cond%bwh%ph%dh %target1"},
    {"B1", relative(2), Op::br_wexit, {}, {&imm::branch}, branch | group_end | slot2, "br.wexit%bwh%ph%dh %target1"},
    {"B1", relative(3), Op::br_wtop, {}, {&imm::branch}, branch | group_end | slot2, "br.wtop%bwh%ph%dh %target1"},
    {"B2", relative(5), Op::br_cloop, {}, {&imm::branch}, branch | group_end | slot2 | unpredicated, "br.cloop%bwh%ph%dh %target1"},
    {"B2", relative(6), Op::br_cexit, {}, {&imm::branch}, branch | group_end | slot2 | unpredicated, "br.cexit%bwh%ph%dh %target1"},
    {"B2", relative(7), Op::br_ctop, {}, {&imm::branch}, branch | group_end | slot2 | unpredicated, "br.ctop%bwh%ph%dh %target1"},
    // B3: IP-relative call
    {"B3", major(5), Op::br_call, {bout}, {&imm::branch}, branch | group_end, "br.call%bwh%ph%dh %b1=%target1"},
    // B4, B5: indirect branch, indirect call
    {"B4", indirect(0x20, 0), Op::br_cond_indirect, {none, br}, {}, branch | group_end, "br.cond%bwh%ph%dh %b2"},
    {"B4", indirect(0x20, 1), Op::br_ia, {none, br}, {}, branch | group_end | predicate_zero, "br.ia%bwh%ph%dh %b2"},
    {"B4", indirect(0x21, 4), Op::br_ret, {none, br}, {}, branch | group_end, "br.ret%bwh%ph%dh %b2"},
    {"B5", major(1), Op::br_call_indirect, {bout, br}, {}, branch | group_end, "br.call%bwh%ph%dh %b1=%b2"},
    // B6, B7: branch predict: a hint without effect
    {"B6", major(7), Op::brp, {}, {&imm::branch, &imm::predict_tag}, unpredicated, "brp%ipwh%ih35 %target1,%target2"},
    {"B7", predict(0x10), Op::brp, {none, br}, {&imm::predict_tag}, unpredicated, "brp%indwh%ih35 %b2,%target1"},
    {"B7", predict(0x11), Op::brp, {none, br}, {&imm::predict_tag}, unpredicated, "brp.ret%indwh%ih35 %b2,%target1"},
    // B8: frame, rotation, interruption, privilege
    {"B8", system(0x02), Op::cover, {}, {}, group_last | unpredicated, "cover"},
    {"B8", system(0x04), Op::clrrrb, {}, {}, group_last | unpredicated, "clrrrb"},
    {"B8", system(0x05), Op::clrrrb_pr, {}, {}, group_last | unpredicated, "clrrrb.pr"},
    {"B8", system(0x08), Op::rfi, {}, {}, branch | group_end | group_last | privileged | unpredicated, "rfi"},
    {"B8", system(0x0c), Op::bsw_0, {}, {}, group_last | privileged | unpredicated, "bsw.0"},
    {"B8", system(0x0d), Op::bsw_1, {}, {}, group_last | privileged | unpredicated, "bsw.1"},
    {"B8", system(0x10), Op::epc, {}, {}, unpredicated, "epc"},
    {"B8", system(0x18), Op::vmsw_0, {}, {}, privileged | unpredicated, "vmsw.0"},
    {"B8", system(0x19), Op::vmsw_1, {}, {}, privileged | unpredicated, "vmsw.1"},
    // B9: break, nop, hint
    {"B9", system(0x00), Op::break_, {}, {&imm::u21}, group_end, "break.b %hex1"},
    {"B9", predict(0x00), Op::nop, {}, {&imm::u21}, 0, "nop.b %hex1"},
    {"B9", predict(0x01), Op::hint, {}, {&imm::u21}, 0, "hint.b %hex1"},
};
// clang-format on

}  // namespace xs::ia64::table::unit_b
