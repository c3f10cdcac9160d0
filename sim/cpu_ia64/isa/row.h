// One encoding: a row of the tables in table_a.h ... table_x.h, which stand in the manual's order (Intel SDM
// volume 3, chapter 4, formats A1 to X5).
//
//     {"A2", alu(4), Op::shladd, {out, gr, gr}, {&imm::shift_add}, 0, "shladd %r1=%r2,%imm1,%r3"}
//      |     |       |           |              |                  |  the text, in GNU objdump's syntax
//      |     |       |           |              |                  flag bits, below
//      |     |       |           |              immediates, in the order the semantics want them
//      |     |       |           operands at bits 6, 13, 20 and 27
//      |     |       what execution dispatches on
//      |     mask and value over the 41 bits of the slot
//      the manual's format; its letter is the unit (A: M and I)
//
// Registers have fixed places in all formats: r1/f1/p1/b1 from bit 6, r2/f2/b2 from 13, r3/f3/ar3/cr3 from
// 20, f4/p2 from 27, qp from 0.
#pragma once
#include <array>

#include "sim/cpu_ia64/isa/immediate.h"
#include "sim/cpu_ia64/isa/op.h"
#include "sim/cpu_ia64/isa/pattern.h"

namespace xs::ia64 {

/// What stands in one of the four register places, and what the instruction does with it.
enum class Operand : u8 {
  none,
  gr,        ///< general register, read
  gr_out,    ///< written: illegal operation when it is r0 or lies outside the frame
  gr_inout,  ///< base register of a load or store with post-increment: read and written
  gr_low,    ///< addl: r0 to r3, two bits
  gr_name,   ///< chk.a, invala.e: only the register's number matters (ALAT tag)
  fr,
  fr_out,  ///< illegal operation when it is f0 or f1
  fr_name,
  pr_out,
  br,
  br_out,
  ar,
  ar_out,
  cr,
  cr_out,
};

constexpr unsigned operand_bits(Operand o) {
  switch (o) {
    case Operand::none:
      return 0;
    case Operand::gr_low:
      return 2;
    case Operand::br:
    case Operand::br_out:
      return 3;
    case Operand::pr_out:
      return 6;
    default:
      return 7;
  }
}
/// Bits of Row::flags. The letters in brackets are those of the manual's format tables.
namespace flag {
using Bits = u32;
inline constexpr Bits privileged = 1u << 0;   ///< [p] privileged operation fault unless PSR.cpl is 0
inline constexpr Bits group_first = 1u << 1;  ///< [f] must be the first in its instruction group
inline constexpr Bits group_last = 1u << 2;   ///< [l] must be the last in its instruction group
inline constexpr Bits group_end = 1u << 3;    ///< [e] ends the group when taken
inline constexpr Bits slot2 = 1u << 4;        ///< [t] illegal operation in slots 0 and 1
inline constexpr Bits unpredicated =
    1u << 5;  ///< no predicate in the text; bits 5:0 are ignored but for predicate_zero
inline constexpr Bits predicate_zero = 1u << 6;   ///< executed always; illegal operation when qp is not 0
inline constexpr Bits unconditional = 1u << 7;    ///< clears its predicates even when PR[qp] is 0
inline constexpr Bits targets_differ = 1u << 8;   ///< illegal operation when p1 == p2
inline constexpr Bits base_differs = 1u << 9;     ///< illegal operation when r1 == r3 (post-increment load)
inline constexpr Bits banks_differ = 1u << 10;    ///< illegal operation unless f1 or f2 is odd, not both
inline constexpr Bits load = 1u << 11;            ///< reads memory
inline constexpr Bits store = 1u << 12;           ///< writes memory; with load: a semaphore
inline constexpr Bits step_register = 1u << 13;   ///< r3 += r2 afterwards
inline constexpr Bits step_immediate = 1u << 14;  ///< r3 += immediate 1 afterwards
inline constexpr Bits speculative = 1u << 15;     ///< .s, .sa: an exception may be deferred to a NaT
inline constexpr Bits advanced = 1u << 16;        ///< .a, .sa: enters the ALAT
inline constexpr Bits check = 1u << 17;           ///< .c: looks into the ALAT first
inline constexpr Bits acquire = 1u << 18;
inline constexpr Bits release = 1u << 19;
inline constexpr Bits branch = 1u << 20;        ///< may change IP (chk and fchkf included)
inline constexpr Bits in_l_slot = 1u << 21;     ///< takes 41 more bits from the L slot
inline constexpr Bits not_itanium2 = 1u << 22;  ///< another processor has it, ours does not: reserved
}  // namespace flag

struct Row {
  const char* format = "";
  Pattern bits;
  Op op = Op::none;
  std::array<Operand, 4> operand{};
  std::array<const Immediate*, 3> imm{};
  flag::Bits flags = 0;
  const char* text = "";

  constexpr bool has(flag::Bits any) const { return (flags & any) != 0; }
  constexpr bool in(Unit unit) const {
    switch (format[0]) {
      case 'A':
        return unit == Unit::m || unit == Unit::i;
      case 'M':
        return unit == Unit::m;
      case 'I':
        return unit == Unit::i;
      case 'F':
        return unit == Unit::f;
      case 'B':
        return unit == Unit::b;
      default:
        return unit == Unit::x;
    }
  }
};

/// Short names for the tables.
namespace table {
inline constexpr Operand none = Operand::none, gr = Operand::gr, out = Operand::gr_out,
                         inout = Operand::gr_inout, fr = Operand::fr, fout = Operand::fr_out,
                         pout = Operand::pr_out, br = Operand::br, bout = Operand::br_out;
}  // namespace table

}  // namespace xs::ia64
