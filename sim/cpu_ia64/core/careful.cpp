// One instruction at a time: single step, taken branch traps, instruction breakpoints, PSR bits that hold for
// one instruction, and registers beyond the frame (SDM vol. 2 5.5.4, 7.1.1).
#include "sim/cpu_ia64/core/core.h"

namespace xs::ia64 {

namespace {

constexpr u64 code_taken_branch = 4, code_single_step = 8;  // ISR.code of traps

}  // namespace

/// Pairs of address and {x, plm, mask}.
bool Core::instruction_breakpoint() const {
  const Registers& r = p_.r;
  if ((r.psr & psr::db) == 0 || (r.psr & psr::id) != 0) return false;
  for (unsigned n = 0; n < 8; n += 2) {
    const u64 control = r.ibr[n + 1], mask = (control & 0x00ff'ffff'ffff'fff0) | u64{0xff} << 56;
    if (control >> 63 == 0 || (control >> (56 + r.cpl()) & 1) == 0) continue;
    if ((r.ip & mask) == (r.ibr[n] & mask)) return true;
  }
  return false;
}

void Core::step_carefully() {
  ++counters_.single_steps;
  const u64 bundle = p_.r.ip, psr_before = p_.r.psr;
  const unsigned slot = p_.r.ri();
  if (instruction_breakpoint()) {
    p_.pending = {.vector = Vector::debug, .isr = isr::x, .ifa = bundle, .address = true};
    p_.pending.itir = p_.mmu.region_at(bundle).default_itir();
    return interrupt(bundle, slot);
  }
  u64 pa = 0;
  bool deferral = false;
  if (!fetch(pa, deferral)) return;
  Block& block = *decode(pa, deferral, 1);
  const bool beyond = block.slots.size() > 1 && block.top >= p_.frame_top;
  if (beyond) make_illegal(block);
  const bool was_rfi = ia64::decode(Bundle::from_bytes(memory_.readable(pa)), slot).op == Op::rfi;
  p_.branched = false;
  const u64 before = interruptions();
  execute(block);
  if (interruptions() == before) after_step(psr_before, bundle, slot, was_rfi);
}

/// ISR.code of the debug traps that the instruction which has just completed asks for, under the PSR that it
/// ran with. They come together, and with a floating-point or lower-privilege trap of its own (table 8-3).
u64 Core::debug_traps(u64 psr) const {
  return ((psr & psr::ss) != 0 ? code_single_step : 0) |
         ((psr & psr::tb) != 0 && p_.branched ? code_taken_branch : 0);
}

/// The instruction has completed: what held for it alone ends, and traps that were asked for before it come.
/// rfi raises none (vol. 2 chapter 8, the two vectors).
void Core::after_step(u64 psr_before, u64 bundle, unsigned slot, bool was_rfi) {
  if (was_rfi) return;
  if ((p_.r.psr & psr::one_instruction) != 0) p_.set_psr(p_.r.psr & ~(psr_before & psr::one_instruction));
  const u64 traps = debug_traps(psr_before);
  if (traps == 0 || stopped()) return;
  const bool branch = (traps & code_taken_branch) != 0;
  p_.pending = {
      .vector = branch ? Vector::taken_branch : Vector::single_step, .isr = traps, .manner = Manner::trap};
  p_.pending.slot = static_cast<u8>(slot);
  p_.last_bundle = bundle;
  interrupt(p_.r.ip, p_.r.ri());
}

}  // namespace xs::ia64
