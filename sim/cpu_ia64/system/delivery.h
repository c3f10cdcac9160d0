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
  u64 status = what.isr | at | (collect ? 0 : isr::ni);
  if (what.manner != Manner::fault) [[unlikely]] {
    if (what.manner == Manner::trap) status ^= at ^ u64 { what.slot } << isr::ei_shift;
    if (what.manner == Manner::nested) status = r.isr;
  } else if (block && block->deferral && (what.isr & (isr::rs | isr::x)) == 0) [[unlikely]] {
    status |= isr::ed;  // of an instruction; not of fetches, nor of the RSE's accesses (chapter 8)
  }
  r.isr = status;
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
  change_psr((before & kept) | handlers_psr);
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
