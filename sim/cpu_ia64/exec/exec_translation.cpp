// Insertion, purge and inspection of translations: formats M38 to M41, M45 to M47 (SDM vol. 3, vol. 2 4.1).
#include <algorithm>

#include "sim/cpu_ia64/exec/operands.h"

namespace xs::ia64 {
namespace {

namespace tlb = mmu::ia64;

/// An overlap with a translation register is a machine check abort, for which there is no firmware.
bool machine_check(Processor& p) {
  p.stop("machine check: a translation overlaps a translation register");
  p.leave_block();
  return true;
}

/// itc and itr take the page from r2, its size and key from ITIR, its address from IFA.
bool may_insert(Processor& p, const Slot& s) {
  if ((p.r.psr & psr::ic) != 0) return p.general_exception(isr::illegal_operation);
  if (is_nat(p, s.r2)) return p.nat_consumption(0);
  return !tlb::is_reserved(p.r.gr[s.r2], p.r.itir) || p.reserved_register();
}

template <bool fetch>
bool itc(Processor& p, const Slot& s) {
  if (!may_insert(p, s)) return false;
  return p.mmu.insert_cached(fetch, p.r.gr[s.r2], p.r.itir, p.r.ifa) || machine_check(p);
}

template <bool fetch>
bool itr(Processor& p, const Slot& s) {
  if (is_nat(p, s.r3)) return p.nat_consumption(0);
  if (!may_insert(p, s)) return false;
  const unsigned slot = static_cast<unsigned>(p.r.gr[s.r3] & 0xff);
  if (slot >= p.mmu.registers(fetch)) return p.reserved_register();
  return p.mmu.insert_register(fetch, slot, p.r.gr[s.r2], p.r.itir, p.r.ifa) || machine_check(p);
}

/// Range of a purge: from r3, of the size that bits 7:2 of r2 name.
bool range_of(Processor& p, const Slot& s, u64& va, unsigned& shift) {
  if (is_nat(p, s.r2) || is_nat(p, s.r3)) return p.nat_consumption(0);
  va = p.r.gr[s.r3];
  shift = static_cast<unsigned>(p.r.gr[s.r2] >> 2 & 0x3f);
  return tlb::is_page_size(shift) || p.reserved_register();
}

template <bool everywhere>
bool ptc(Processor& p, const Slot& s) {
  u64 va = 0;
  unsigned shift = 0;
  if (!range_of(p, s, va, shift)) return false;
  const u32 rid = p.mmu.region_at(va).rid();
  if constexpr (everywhere) p.bus.purge_elsewhere(rid, va, shift);
  return p.mmu.purge_cached(rid, va, shift) || machine_check(p);
}

template <bool fetch>
bool ptr(Processor& p, const Slot& s) {
  u64 va = 0;
  unsigned shift = 0;
  if (!range_of(p, s, va, shift)) return false;
  p.mmu.purge_registers(fetch, va, shift);
  return true;
}

/// The whole cache in one step: PAL_PTCE_INFO will say that one call with any address does.
bool ptc_e(Processor& p, const Slot& s) {
  if (is_nat(p, s.r3)) return p.nat_consumption(0);
  p.mmu.purge_all_cached();
  return true;
}

template <auto f>
void hash_like(Processor& p, const Slot& s) {
  write_gr(p, s.r1, f(p, p.r.gr[s.r3]), p.any_nat ? p.r.nat[s.r3] : u8{0});
}
u64 thash(Processor& p, u64 va) { return p.mmu.hash(va); }
u64 ttag(Processor& p, u64 va) { return p.mmu.tag(va); }

// tpa, tak and probe ask the TLB whatever PSR.dt says.

bool tpa(Processor& p, const Slot& s) {
  if (is_nat(p, s.r3)) return p.nat_consumption(isr::na | isr::tpa);
  DataAccess access{.va = p.r.gr[s.r3], .size = 1, .rights = 0, .non_access = true, .code = isr::tpa};
  u64 pa = 0;
  if (!p.look_up(access, 0, pa)) return false;
  write_gr(p, s.r1, pa);
  return true;
}

bool tak(Processor& p, const Slot& s) {
  if (is_nat(p, s.r3)) return p.nat_consumption(isr::na | isr::tak);
  write_gr(p, s.r1, p.access_key(p.r.gr[s.r3]));
  return true;
}

/// The answer for a privilege level of one's own choice, but not above one's own.
template <u8 rights>
bool probe_at(Processor& p, const Slot& s, unsigned level) {
  if (is_nat(p, s.r3)) return p.nat_consumption(isr::na | isr::probe);
  const DataAccess access{
      .va = p.r.gr[s.r3], .size = 1, .rights = rights, .non_access = true, .code = isr::probe};
  bool allowed = false;
  if (!p.probe(access, std::max(level & 3, p.r.cpl()), allowed)) return false;
  write_gr(p, s.r1, allowed);
  return true;
}
template <u8 rights>
bool probe_register(Processor& p, const Slot& s) {
  if (is_nat(p, s.r2)) return p.nat_consumption(isr::na | isr::probe);
  return probe_at<rights>(p, s, static_cast<unsigned>(p.r.gr[s.r2] & 3));
}
template <u8 rights>
bool probe_immediate(Processor& p, const Slot& s) {
  return probe_at<rights>(p, s, static_cast<unsigned>(s.imm));
}

/// Faults as the access itself would, at that level.
template <u8 rights>
bool probe_fault(Processor& p, const Slot& s) {
  constexpr u64 bits =
      ((rights & tlb::right_read) != 0 ? isr::r : 0) | ((rights & tlb::right_write) != 0 ? isr::w : 0);
  if (is_nat(p, s.r3)) return p.nat_consumption(bits | isr::na | isr::probe_fault);
  const DataAccess access{
      .va = p.r.gr[s.r3], .size = 1, .rights = rights, .non_access = true, .code = isr::probe_fault};
  u64 pa = 0;
  return p.look_up(access, std::max(static_cast<unsigned>(s.imm), p.r.cpl()), pa);
}

}  // namespace

void add_translation(Handlers& h) {
  using tlb::right_read;
  using tlb::right_write;
  h.set(Op::itc_d, step<itc<false>>);
  h.set(Op::itc_i, step<itc<true>>);
  h.set(Op::itr_d, step<itr<false>>);
  h.set(Op::itr_i, step<itr<true>>);
  h.set(Op::ptc_l, step<ptc<false>>);
  h.set(Op::ptc_g, step<ptc<true>>);
  h.set(Op::ptc_ga, step<ptc<true>>);
  h.set(Op::ptr_d, step<ptr<false>>);
  h.set(Op::ptr_i, step<ptr<true>>);
  h.set(Op::ptc_e, step<ptc_e>);
  h.set(Op::thash, step<hash_like<thash>>);
  h.set(Op::ttag, step<hash_like<ttag>>);
  h.set(Op::tpa, step<tpa>);
  h.set(Op::tak, step<tak>);
  h.set(Op::probe_r, step<probe_register<right_read>>);
  h.set(Op::probe_w, step<probe_register<right_write>>);
  h.set(Op::probe_r_imm, step<probe_immediate<right_read>>);
  h.set(Op::probe_w_imm, step<probe_immediate<right_write>>);
  h.set(Op::probe_r_fault, step<probe_fault<right_read>>);
  h.set(Op::probe_w_fault, step<probe_fault<right_write>>);
  h.set(Op::probe_rw_fault, step<probe_fault<right_read | right_write>>);
}

}  // namespace xs::ia64
