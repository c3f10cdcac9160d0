// Semaphores: xchg, cmpxchg, fetchadd, cmp8xchg16: formats M16, M17 (SDM vol. 3, vol. 1 4.4.7). Cores run in
// turn, and never stop within an instruction: a read and a write here are one for all others.
#include "sim/cpu_ia64/exec/access.h"

namespace xs::ia64 {
namespace {

using mmu::ia64::right_read;
using mmu::ia64::right_write;

DataAccess semaphore(u64 va, unsigned size) {
  DataAccess access{.va = va, .size = size, .rights = right_read | right_write};
  access.aligned = access.cacheable = true;
  return access;
}

bool nat_operand(Processor& p, const Slot& s, bool with_r2) {
  return is_nat(p, s.r3) || (with_r2 && is_nat(p, s.r2));
}

template <unsigned size>
u64 truncate(u64 value) {
  return size == 8 ? value : value & ((u64{1} << (size * 8 % 64)) - 1);
}

/// Reads, asks `change` for the new value, writes it when there is one.
template <unsigned size, class Change>
bool exchange(Processor& p, const Slot& s, Change change) {
  const DataAccess access = semaphore(p.r.gr[s.r3], size);
  u64 old = 0, wanted = 0;
  if (p.load(access, old) != Reach::granted) return false;
  if (change(old, wanted) && !p.store(access, wanted)) return false;
  write_gr(p, s.r1, old);
  return true;
}

template <unsigned size>
bool xchg(Processor& p, const Slot& s) {
  if (nat_operand(p, s, true)) return p.nat_consumption(isr::r | isr::w);
  return exchange<size>(p, s, [&](u64, u64& wanted) { return wanted = p.r.gr[s.r2], true; });
}

/// The old value, with zeros above, against all of ar.ccv.
template <unsigned size>
bool cmpxchg(Processor& p, const Slot& s) {
  if (nat_operand(p, s, true)) return p.nat_consumption(isr::r | isr::w);
  return exchange<size>(p, s, [&](u64 old, u64& wanted) {
    wanted = p.r.gr[s.r2];
    return old == p.r.ccv;
  });
}

template <unsigned size>
bool fetchadd(Processor& p, const Slot& s) {
  if (nat_operand(p, s, false)) return p.nat_consumption(isr::r | isr::w);
  return exchange<size>(p, s, [&](u64 old, u64& wanted) {
    wanted = truncate<size>(old + s.imm);
    return true;
  });
}

/// Eight bytes are compared, sixteen written: those of the aligned pair that holds them.
bool cmp8xchg16(Processor& p, const Slot& s) {
  if (nat_operand(p, s, true)) return p.nat_consumption(isr::r | isr::w);
  const u64 va = p.r.gr[s.r3];
  u64 old = 0;
  if (p.load(semaphore(va, 8), old) != Reach::granted) return false;
  if (old == p.r.ccv) {
    DataAccess pair = semaphore(va & ~u64{15}, 16);
    pair.element = 8;
    if (!p.store_wide(pair, p.r.gr[s.r2], p.r.csd)) return false;
  }
  write_gr(p, s.r1, old);
  return true;
}

}  // namespace

void add_semaphores(Handlers& h) {
  h.set(Op::xchg1, step<xchg<1>>);
  h.set(Op::xchg2, step<xchg<2>>);
  h.set(Op::xchg4, step<xchg<4>>);
  h.set(Op::xchg8, step<xchg<8>>);
  h.set(Op::cmpxchg1_acq, step<cmpxchg<1>>);
  h.set(Op::cmpxchg2_acq, step<cmpxchg<2>>);
  h.set(Op::cmpxchg4_acq, step<cmpxchg<4>>);
  h.set(Op::cmpxchg8_acq, step<cmpxchg<8>>);
  h.set(Op::cmpxchg1_rel, step<cmpxchg<1>>);
  h.set(Op::cmpxchg2_rel, step<cmpxchg<2>>);
  h.set(Op::cmpxchg4_rel, step<cmpxchg<4>>);
  h.set(Op::cmpxchg8_rel, step<cmpxchg<8>>);
  h.set(Op::cmp8xchg16_acq, step<cmp8xchg16>);
  h.set(Op::cmp8xchg16_rel, step<cmp8xchg16>);
  h.set(Op::fetchadd4_acq, step<fetchadd<4>>);
  h.set(Op::fetchadd8_acq, step<fetchadd<8>>);
  h.set(Op::fetchadd4_rel, step<fetchadd<4>>);
  h.set(Op::fetchadd8_rel, step<fetchadd<8>>);
}

}  // namespace xs::ia64
