// Entering a handler and coming back (SDM vol. 2 5.5.3, 5.6; vol. 3 rfi): in a header, since it becomes part
// of the one place each that does it.
#pragma once
#include "sim/cpu_ia64/system/processor.h"

namespace xs::ia64 {

/// `bundle` and `slot`: the instruction that was refused; behind a trap, the next one, and ISR.ei still names
/// the one that has completed.
[[gnu::always_inline]] inline void Processor::deliver(u64 bundle, unsigned slot) {
  static_assert(isr::ei_shift == psr::ri_shift);
  const Interruption& what = pending;
  const u64 at = u64{slot} << psr::ri_shift, before = r.psr;
  const bool collect = (before & psr::ic) != 0;
  take(config.timing.trap);
  if (what.vector != Vector::data_nested_tlb) [[likely]] {
    u64 status = what.isr | at;
    if (what.trap) [[unlikely]]
      status = what.isr | u64{what.slot} << isr::ei_shift;
    // Of an instruction that was refused; not of fetches, the RSE's accesses, traps, interrupts (chapter 8).
    else if (block && block->deferral && (what.isr & (isr::rs | isr::x)) == 0 &&
             what.vector != Vector::external_interrupt) [[unlikely]]
      status |= isr::ed;
    r.isr = status | (collect ? 0 : isr::ni);
  }
  if (collect) [[likely]] {
    r.iip = bundle;
    r.ipsr = (before & ~psr::ri) | at;
    r.iipa = last_bundle;
    r.ifs &= ~(u64{1} << 63);
    if (what.address) r.ifa = what.ifa, r.itir = what.itir;
    if (what.hash) r.iha = what.iha;
    if (what.immediate) r.iim = what.iim;
  }
  r.ip = r.iva + static_cast<u64>(what.vector);
  // What an interruption leaves of PSR; be and pp come from DCR (SDM vol. 2 table 3-2).
  constexpr u64 kept = psr::up | psr::mfl | psr::mfh | psr::pk | psr::dt | psr::rt | psr::it | psr::mc;
  static_assert(dcr::be == psr::be && dcr::pp == 1);
  change_psr((before & kept) | (r.dcr & dcr::be) | (r.dcr & dcr::pp) * psr::pp);
  stack.suspend();
  // Nothing else of what review() looks at can be left.
  static_assert((kept & (psr::i | psr::db | psr::ss | psr::tb | psr::one_instruction)) == 0);
  code_mode = (r.psr & code_mode_bits) | code_standing;
}

[[gnu::always_inline]] inline unsigned Processor::return_from_interruption() {
  const u64 to = r.ipsr;
  take(config.timing.iret);
  ++returns;
  r.ip = r.iip & ~u64{15};
  stack.resume();
  set_psr(to & psr::implemented & ~psr::ri);
  return static_cast<unsigned>(to >> psr::ri_shift & 3);
}

}  // namespace xs::ia64
