// How semantics reach registers, and the handlers of instructions that only compute.
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <iterator>
#include <utility>

#include "sim/cpu_ia64/exec/dispatch.h"

namespace xs::ia64 {

using i8 = std::int8_t;
using i16 = std::int16_t;

inline void write_gr(Processor& p, unsigned reg, u64 value) {
  p.r.gr[reg] = value;
  if (p.any_nat) [[unlikely]]
    p.r.nat[reg] = 0;
}
/// A result of which `nat` says whether an operand was a NaT.
inline void write_gr(Processor& p, unsigned reg, u64 value, u8 nat) {
  p.r.gr[reg] = value;
  p.r.nat[reg] = nat;
  p.any_nat |= nat != 0;
}
inline bool is_nat(const Processor& p, unsigned reg) { return p.any_nat && p.r.nat[reg] != 0; }

/// f0 and f1 are never written, so that they need no case of their own. PSR.mfl and mfh note what was.
inline void write_fr(Processor& p, unsigned reg, fp::Register value) {
  p.r.fr[reg] = value;
  p.r.psr |= reg < 32 ? psr::mfl : psr::mfh;
}

inline void write_pr(Processor& p, unsigned reg, bool value) {
  const u64 bit = u64{1} << reg;
  p.r.pr = ((p.r.pr & ~bit) | u64{value} << reg) | 1;  // p0 stays 1
}
/// A value that the compiler knows nothing about: it must take it as it is.
inline u64 opaque(u64 x) {
  asm("" : "+r"(x));
  return x;
}
/// One instruction where hosts have one for it (btr).
inline u64 without_bit(u64 x, u64 n) { return opaque(x) & std::rotl(~u64{1}, static_cast<int>(n)); }

/// The targets of a compare.
inline void clear_prs(Processor& p, const Slot& s) {
  p.r.pr = without_bit(without_bit(p.r.pr, s.r1), s.r4) | 1;
}
/// One of them is set, the other is clear. Which one must not become a branch, since hosts cannot predict it.
inline void write_prs(Processor& p, const Slot& s, bool first) {
  const u64 one = opaque(s.r1), other = opaque(s.r4);
  const u64 others = without_bit(without_bit(p.r.pr, one), other);
  p.r.pr = others | u64{1} << opaque(first ? one : other) | 1;
}
/// Of what is executed whatever its predicate (flag::unconditional), and then asks for it.
inline bool predicated_on(const Processor& p, const Slot& s) { return (p.r.pr >> s.x & 1) != 0; }

// GR[r1] = f(GR[r2], GR[r3]) and the like. NaT bits go along.

template <auto f>
Next two(Processor& p, const Slot* s) {
  const u64 value = f(p.r.gr[s->r2], p.r.gr[s->r3]);
  p.r.gr[s->r1] = value;
  if (p.any_nat) [[unlikely]]
    p.r.nat[s->r1] = p.r.nat[s->r2] | p.r.nat[s->r3];
  return go_on(p, s + 1);
}
/// GR[r1] = f(GR[r2], GR[r3], imm)
template <auto f>
Next two_imm(Processor& p, const Slot* s) {
  const u64 value = f(p.r.gr[s->r2], p.r.gr[s->r3], s->imm);
  p.r.gr[s->r1] = value;
  if (p.any_nat) [[unlikely]]
    p.r.nat[s->r1] = p.r.nat[s->r2] | p.r.nat[s->r3];
  return go_on(p, s + 1);
}
/// GR[r1] = f(imm, GR[r3])
template <auto f>
Next imm_one(Processor& p, const Slot* s) {
  const u64 value = f(s->imm, p.r.gr[s->r3]);
  p.r.gr[s->r1] = value;
  if (p.any_nat) [[unlikely]]
    p.r.nat[s->r1] = p.r.nat[s->r3];
  return go_on(p, s + 1);
}
/// GR[r1] = f(GR[r3])
template <auto f>
Next one_r3(Processor& p, const Slot* s) {
  const u64 value = f(p.r.gr[s->r3]);
  p.r.gr[s->r1] = value;
  if (p.any_nat) [[unlikely]]
    p.r.nat[s->r1] = p.r.nat[s->r3];
  return go_on(p, s + 1);
}
/// GR[r1] = f(GR[r2])
template <auto f>
Next one_r2(Processor& p, const Slot* s) {
  const u64 value = f(p.r.gr[s->r2]);
  p.r.gr[s->r1] = value;
  if (p.any_nat) [[unlikely]]
    p.r.nat[s->r1] = p.r.nat[s->r2];
  return go_on(p, s + 1);
}
/// GR[r1] = f(GR[r2], imm)
template <auto f>
Next one_r2_imm(Processor& p, const Slot* s) {
  const u64 value = f(p.r.gr[s->r2], s->imm);
  p.r.gr[s->r1] = value;
  if (p.any_nat) [[unlikely]]
    p.r.nat[s->r1] = p.r.nat[s->r2];
  return go_on(p, s + 1);
}

// Moves to and from plain registers, which handlers and every function's prologue consist of. Whatever is not
// plain is left to the general handler.

struct PlainMoves {
  Handler to = nullptr, from = nullptr;
  Handler of(bool to_) const { return to_ ? to : from; }
};

template <PlainRegister rule, bool of_interruption, Handler general>
Next mov_to_plain(Processor& p, const Slot* s) {
  const u64 value = p.r.gr[s->r2];
  if (p.any_nat || (value & rule.reserved) != 0) [[unlikely]]
    return general(p, s);
  if (of_interruption && (p.r.psr & psr::ic) != 0) [[unlikely]]
    return general(p, s);
  p.r.*rule.place = value & ~rule.ignored;
  return go_on(p, s + 1);
}
template <PlainRegister rule, bool of_interruption, Handler general>
Next mov_from_plain(Processor& p, const Slot* s) {
  if (of_interruption && (p.r.psr & psr::ic) != 0) [[unlikely]]
    return general(p, s);
  write_gr(p, s->r1, p.r.*rule.place);
  return go_on(p, s + 1);
}

/// For each of `all`.
template <const auto& all, bool of_interruption, Handler to, Handler from>
constexpr auto plain_moves() {
  return []<std::size_t... n>(std::index_sequence<n...>) {
    return std::array{PlainMoves{mov_to_plain<all[n], of_interruption, to>,
                                 mov_from_plain<all[n], of_interruption, from>}...};
  }
  (std::make_index_sequence<std::size(all)>{});
}

}  // namespace xs::ia64
