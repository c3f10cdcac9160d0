// How semantics reach registers, and the handlers of instructions that only compute.
#pragma once
#include "sim/cpu_ia64/exec/dispatch.h"

namespace xs::ia64 {

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
/// GR[r1] = f(GR[r2], imm)
template <auto f>
Next one_r2_imm(Processor& p, const Slot* s) {
  const u64 value = f(p.r.gr[s->r2], s->imm);
  p.r.gr[s->r1] = value;
  if (p.any_nat) [[unlikely]]
    p.r.nat[s->r1] = p.r.nat[s->r2];
  return go_on(p, s + 1);
}

}  // namespace xs::ia64
