// Entering a handler and coming back (SDM vol. 2 5.5.3, 5.6; vol. 3 rfi).
#include "sim/core/ia64_vectors.h"
#include "sim/cpu_ia64/system/processor.h"

namespace xs::ia64 {

namespace tlb = mmu::ia64;

namespace {

struct Rule {
  u16 condition;
  Vector vector;
  u64 code;
};
constexpr Rule fetch_rules[] = {
    {tlb::alternate_tlb, Vector::alternate_instruction_tlb, 0},
    {tlb::vhpt_miss, Vector::vhpt_translation, 0},
    {tlb::tlb_miss, Vector::instruction_tlb, 0},
    {tlb::page_not_present, Vector::page_not_present, 0},
    {tlb::nat_page, Vector::nat_consumption, isr::nat_page},
    {tlb::key_miss, Vector::instruction_key_miss, 0},
    {tlb::key_permission, Vector::key_permission, 0},
    {tlb::access_rights, Vector::instruction_access_rights, 0},
    {tlb::access_bit, Vector::instruction_access_bit, 0},
};

/// What an interruption leaves of PSR; be and pp come from DCR (SDM vol. 2 table 3-2).
constexpr u64 kept = psr::up | psr::mfl | psr::mfh | psr::pk | psr::dt | psr::rt | psr::it | psr::mc;

}  // namespace

const char* vector_name(Vector v) { return ia64_vector_name(static_cast<u32>(v)); }

bool Processor::refuse_fetch(u64 va, u64 conditions, u64 vhpt_address) {
  for (const Rule& rule : fetch_rules) {
    if ((conditions & rule.condition) == 0) continue;
    Interruption what{.vector = rule.vector, .isr = isr::x | rule.code, .ifa = va};
    what.itir = mmu.region_at(va).default_itir();
    what.iha = vhpt_address;
    what.address = true;
    what.hash = (rule.condition & (tlb::vhpt_miss | tlb::tlb_miss)) != 0;
    return refuse(what);
  }
  return false;
}

bool Processor::fetch(u64 va, u64& pa, bool& deferral) {
  deferral = false;
  if ((r.psr & psr::it) == 0) {
    pa = va & ~(u64{1} << 63);
    return true;
  }
  tlb::Access ask{.va = va, .fetch = true, .rights = tlb::right_execute};
  ask.cpl = static_cast<u8>(r.cpl());
  ask.walk = (r.psr & psr::ic) != 0;
  ask.protection_keys = (r.psr & psr::pk) != 0;
  ask.ignore_accessed_dirty = (r.psr & psr::ia) != 0;
  ask.big_endian_table = (r.dcr & dcr::be) != 0;
  const tlb::Answer answer = mmu.translate(ask);
  take(answer.cycles);
  if (answer.refused != 0) return refuse_fetch(va, answer.refused, answer.vhpt_address);
  pa = answer.pa;
  deferral = answer.page.exception_deferral;
  return true;
}

/// `bundle` and `slot`: the instruction that was refused; behind a trap, the next one, and ISR.ei still names
/// the one that has completed.
void Processor::deliver(u64 bundle, unsigned slot) {
  const Interruption& what = pending;
  const bool collect = (r.psr & psr::ic) != 0;
  take(config.timing.trap);
  if (what.vector != Vector::data_nested_tlb) {
    const u64 ei = u64{what.trap ? what.slot : slot} << isr::ei_shift;
    // Of an instruction that was refused; not of fetches, the RSE's accesses, traps, interrupts (chapter 8).
    const bool refused =
        (what.isr & (isr::rs | isr::x)) == 0 && !what.trap && what.vector != Vector::external_interrupt;
    const bool deferral = refused && block && block->deferral;
    r.isr = what.isr | ei | (collect ? 0 : isr::ni) | (deferral ? isr::ed : 0);
  }
  if (collect) {
    r.iip = bundle;
    r.ipsr = (r.psr & ~psr::ri) | u64{slot} << psr::ri_shift;
    r.iipa = last_bundle;
    r.ifs &= ~(u64{1} << 63);
    if (what.address) r.ifa = what.ifa, r.itir = what.itir;
    if (what.hash) r.iha = what.iha;
    if (what.immediate) r.iim = what.iim;
  }
  const u64 from_dcr = ((r.dcr & dcr::be) != 0 ? psr::be : 0) | ((r.dcr & dcr::pp) != 0 ? psr::pp : 0);
  r.ip = r.iva + static_cast<u64>(what.vector);
  stack.suspend();
  set_psr((r.psr & kept) | from_dcr);
}

bool Processor::interrupt_pending() const {
  return (r.psr & psr::i) != 0 && sapic.deliverable() != Sapic::none;
}

/// The frame's missing registers are loaded before the next instruction, not here: that may fault, and then
/// the interrupted state is the one that rfi has restored.
bool Processor::return_from_interruption() {
  if ((r.ipsr & psr::is) != 0) return general_exception(isr::disabled_transition);
  take(config.timing.iret);
  ++returns;
  r.ip = r.iip & ~u64{15};
  if (r.ifs >> 63 != 0) {
    const FrameMarker to{r.ifs & ((u64{1} << FrameMarker::bits) - 1)};
    const unsigned from = stack.frame().rrb_pr();
    stack.back(to, to.sof());
    rotate_predicates(from, stack.frame().rrb_pr());
    frame_changed();
  }
  stack.resume();
  set_psr(r.ipsr & psr::implemented);
  return true;
}

}  // namespace xs::ia64
