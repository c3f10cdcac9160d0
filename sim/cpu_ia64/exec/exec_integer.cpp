// What the I unit does with whole registers: shifts, bit fields, extension, counts (formats I5 to I15, I29;
// SDM vol. 3). A result has a NaT bit when an operand has one.
#include <algorithm>
#include <bit>

#include "sim/cpu_ia64/exec/dispatch.h"
#include "sim/cpu_ia64/exec/operands.h"

namespace xs::ia64 {
namespace {

// Counts are unsigned numbers of 64 bits. Right shifts name the count first.
u64 shr(u64 count, u64 x) { return static_cast<u64>(static_cast<i64>(x) >> std::min<u64>(count, 63)); }
u64 shr_u(u64 count, u64 x) { return count > 63 ? 0 : x >> count; }
u64 shl(u64 x, u64 count) { return count > 63 ? 0 : x << count; }
/// 64 bits of {high, low}.
u64 shrp(u64 high, u64 low, u64 count) { return count == 0 ? low : high << (64 - count) | low >> count; }

/// `length` ones, 1 to 64.
u64 ones(unsigned length) { return ~u64{0} >> (64 - length); }

// Bit fields. Decoding has left the field's place, or what is to be there, in `imm`, and counts in x and y. A
// field that reaches beyond bit 63 ends there.

u64 field(const Slot& s) { return ones(s.x) << s.imm; }
u64 constant(const Slot& s) { return static_cast<u64>(i64{static_cast<i16>(s.y)}); }

/// imm: ones of the length; x: position.
void prepare_extr_u(Slot& s) {
  const u8 position = static_cast<u8>(s.imm);
  s.imm = ones(s.x);
  s.x = position;
}
u64 extr_u(u64 x, const Slot& s) { return x >> s.x & s.imm; }

/// imm: how far the field goes left, to the sign; x: and back.
void prepare_extr(Slot& s) {
  const u64 position = s.imm, back = 64 - std::min<u64>(s.x, 64 - position);
  s.imm = back - position;
  s.x = static_cast<u8>(back);
}
u64 extr(u64 x, const Slot& s) { return static_cast<u64>(static_cast<i64>(x << s.imm) >> s.x); }

/// imm: the field; x: position.
void prepare_dep(Slot& s) {
  const u8 position = static_cast<u8>(s.imm);
  s.imm = field(s);
  s.x = position;
}
/// imm: the field; y: sign.
void prepare_dep_imm(Slot& s) { s.imm = field(s); }
/// imm: the result.
void prepare_dep_z_imm(Slot& s) { s.imm = constant(s) << s.imm & field(s); }

void write(Processor& p, const Slot& s, u64 value, unsigned source) {
  p.r.gr[s.r1] = value;
  if (p.any_nat) [[unlikely]]
    p.r.nat[s.r1] = p.r.nat[source];
}
template <auto f>
void extract(Processor& p, const Slot& s) {
  write(p, s, f(p.r.gr[s.r3], s), s.r3);
}
void deposit_zero(Processor& p, const Slot& s) { write(p, s, p.r.gr[s.r2] << s.x & s.imm, s.r2); }
void deposit_zero_imm(Processor& p, const Slot& s) { write_gr(p, s.r1, s.imm); }
/// `to` where `field` has ones, `from` elsewhere.
u64 merged(u64 from, u64 to, u64 field) { return ((from ^ to) & field) ^ from; }
void deposit_imm(Processor& p, const Slot& s) { write(p, s, merged(p.r.gr[s.r3], constant(s), s.imm), s.r3); }
void deposit(Processor& p, const Slot& s) {
  p.r.gr[s.r1] = merged(p.r.gr[s.r3], p.r.gr[s.r2] << s.x, s.imm);
  if (p.any_nat) [[unlikely]]
    p.r.nat[s.r1] = p.r.nat[s.r2] | p.r.nat[s.r3];
}

template <class T>
u64 extended(u64 x) {
  return static_cast<u64>(static_cast<i64>(static_cast<T>(x)));
}
u64 popcnt(u64 x) { return static_cast<u64>(std::popcount(x)); }

/// The highest bit of every element of `bits` bits that is zero; nothing else.
template <unsigned bits>
u64 zero_elements(u64 x) {
  constexpr u64 lowest = ~u64{0} / ((u64{1} << bits) - 1), highest = lowest << (bits - 1);
  return ~(((x & ~highest) + ~highest) | x) & highest;
}
/// Index of the first one from the left or the right, or how many elements there are.
template <unsigned bits>
u64 czx_l(u64 x) {
  return static_cast<u64>(std::countl_zero(zero_elements<bits>(x))) / bits;
}
template <unsigned bits>
u64 czx_r(u64 x) {
  return static_cast<u64>(std::countr_zero(zero_elements<bits>(x))) / bits;
}

}  // namespace

void add_integer(Handlers& h) {
  h.set(Op::shr, two<shr>);
  h.set(Op::shr_u, two<shr_u>);
  h.set(Op::shl, two<shl>);
  h.set(Op::shrp, two_imm<shrp>);
  h.set(Op::extr, step<extract<extr>>, prepare_extr);
  h.set(Op::extr_u, step<extract<extr_u>>, prepare_extr_u);
  h.set(Op::dep, step<deposit>, prepare_dep);
  h.set(Op::dep_imm, step<deposit_imm>, prepare_dep_imm);
  h.set(Op::dep_z, step<deposit_zero>, prepare_dep);
  h.set(Op::dep_z_imm, step<deposit_zero_imm>, prepare_dep_z_imm);
  h.set(Op::zxt1, one_r3<extended<u8>>);
  h.set(Op::zxt2, one_r3<extended<u16>>);
  h.set(Op::zxt4, one_r3<extended<u32>>);
  h.set(Op::sxt1, one_r3<extended<i8>>);
  h.set(Op::sxt2, one_r3<extended<i16>>);
  h.set(Op::sxt4, one_r3<extended<i32>>);
  h.set(Op::popcnt, one_r3<popcnt>);
  h.set(Op::czx1_l, one_r3<czx_l<8>>);
  h.set(Op::czx1_r, one_r3<czx_r<8>>);
  h.set(Op::czx2_l, one_r3<czx_l<16>>);
  h.set(Op::czx2_r, one_r3<czx_r<16>>);
}

}  // namespace xs::ia64
