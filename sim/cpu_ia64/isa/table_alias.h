// Pseudo-ops as GNU objdump prints them. The first that matches is taken.
#pragma once
#include "sim/cpu_ia64/isa/tables.h"

namespace xs::ia64::table::alias {

using When = Alias::When;

constexpr Pattern f2_is(u64 reg) { return bits(19, 13, reg); }
constexpr Pattern f4_is(u64 reg) { return bits(33, 27, reg); }
constexpr Pattern fp(u64 opcode, u64 x) { return major(opcode) | bit(36, x); }
constexpr Pattern merge(u64 opcode, u64 x6) { return major(opcode) | bit(33, 0) | bits(32, 27, x6); }
constexpr Pattern taken_always = bits(5, 0, 0) | bits(34, 33, 0);  // no predicate, .sptk

// clang-format off
inline constexpr Alias rows[] = {
    {"A4", major(8) | bits(35, 33, 4) | bits(19, 13, 0) | bits(32, 27, 0) | bit(36, 0), When::always, {}, "mov %r1=%r3"},
    {"A5", major(9) | bits(21, 20, 0), When::always, {&imm::s22}, "mov %r1=%imm1"},
    {"I11", major(5) | bits(35, 33, 2) | bit(13, 0), When::extract_to_top, {&imm::position}, "shr.u %r1=%r3,%imm1"},
    {"I11", major(5) | bits(35, 33, 2) | bit(13, 1), When::extract_to_top, {&imm::position}, "shr %r1=%r3,%imm1"},
    {"I12", major(5) | bits(35, 33, 3) | bit(26, 0), When::deposit_to_top, {&imm::deposit_position}, "shl %r1=%r2,%imm1"},
    {"I21", major(0) | bits(35, 33, 7) | bits(23, 20, 1), When::always, {}, "mov %b1=%r2"},
    {"M13", major(6) | bit(36, 0) | bit(27, 0) | bits(35, 30, 0x2c) | bit(19, 1), When::always, {&imm::lfetch_count, &imm::lfetch_stride}, "lfetch.count%lfhint [%r3],%imm1,%imm2"},
    {"M48", major(0) | bits(35, 26, 3) | bits(11, 10, 1), When::always, {&imm::dahr, &imm::dahr_value}, "mov dahr%imm1=%imm2"},
    {"F1", fp(0x8, 0) | f4_is(1) | f2_is(0), When::always, {}, "fnorm%sf %f1=%f3"},
    {"F1", fp(0x8, 0) | f4_is(1), When::always, {}, "fadd%sf %f1=%f3,%f2"},
    {"F1", fp(0x8, 0) | f2_is(0), When::always, {}, "fmpy%sf %f1=%f3,%f4"},
    {"F1", fp(0x8, 1) | f4_is(1) | f2_is(0), When::always, {}, "fnorm.s%sf %f1=%f3"},
    {"F1", fp(0x8, 1) | f4_is(1), When::always, {}, "fadd.s%sf %f1=%f3,%f2"},
    {"F1", fp(0x8, 1) | f2_is(0), When::always, {}, "fmpy.s%sf %f1=%f3,%f4"},
    {"F1", fp(0x9, 0) | f4_is(1) | f2_is(0), When::always, {}, "fnorm.d%sf %f1=%f3"},
    {"F1", fp(0x9, 0) | f4_is(1), When::always, {}, "fadd.d%sf %f1=%f3,%f2"},
    {"F1", fp(0x9, 0) | f2_is(0), When::always, {}, "fmpy.d%sf %f1=%f3,%f4"},
    {"F1", fp(0x9, 1) | f2_is(0), When::always, {}, "fpmpy%sf %f1=%f3,%f4"},
    {"F1", fp(0xa, 0) | f4_is(1), When::always, {}, "fsub%sf %f1=%f3,%f2"},
    {"F1", fp(0xa, 1) | f4_is(1), When::always, {}, "fsub.s%sf %f1=%f3,%f2"},
    {"F1", fp(0xb, 0) | f4_is(1), When::always, {}, "fsub.d%sf %f1=%f3,%f2"},
    {"F1", fp(0xc, 0) | f2_is(0), When::always, {}, "fnmpy%sf %f1=%f3,%f4"},
    {"F1", fp(0xc, 1) | f2_is(0), When::always, {}, "fnmpy.s%sf %f1=%f3,%f4"},
    {"F1", fp(0xd, 0) | f2_is(0), When::always, {}, "fnmpy.d%sf %f1=%f3,%f4"},
    {"F1", fp(0xd, 1) | f2_is(0), When::always, {}, "fpnmpy%sf %f1=%f3,%f4"},
    {"F2", fp(0xe, 1) | bits(35, 34, 0) | f2_is(0), When::always, {}, "xmpy.l %f1=%f3,%f4"},
    {"F2", fp(0xe, 1) | bits(35, 34, 3) | f2_is(0), When::always, {}, "xmpy.h %f1=%f3,%f4"},
    {"F2", fp(0xe, 1) | bits(35, 34, 2) | f2_is(0), When::always, {}, "xmpy.hu %f1=%f3,%f4"},
    {"F9", merge(0, 0x10), When::f2_is_f3, {}, "mov %f1=%f3"},
    {"F9", merge(0, 0x10) | f2_is(0), When::always, {}, "fabs %f1=%f3"},
    {"F9", merge(0, 0x11), When::f2_is_f3, {}, "fneg %f1=%f3"},
    {"F9", merge(0, 0x11) | f2_is(0), When::always, {}, "fnegabs %f1=%f3"},
    {"F9", merge(1, 0x10) | f2_is(0), When::always, {}, "fpabs %f1=%f3"},
    {"F9", merge(1, 0x11), When::f2_is_f3, {}, "fpneg %f1=%f3"},
    {"F9", merge(1, 0x11) | f2_is(0), When::always, {}, "fpnegabs %f1=%f3"},
    {"B1", major(4) | bits(8, 6, 0) | taken_always, When::always, {&imm::branch}, "br%ph%dh %target1"},
    {"B4", major(0) | bits(32, 27, 0x20) | bits(8, 6, 0) | taken_always, When::always, {}, "br%ph%dh %b2"},
    {"X3", major(0xc) | bits(8, 6, 0) | taken_always, When::always, {&imm::branch_long}, "brl%ph%dh %target1"},
};
// clang-format on

}  // namespace xs::ia64::table::alias
