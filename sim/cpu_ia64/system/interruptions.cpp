// Interruptions of fetches, external ones, and the frame that rfi goes back to (SDM vol. 2 5.5, 5.6; vol. 3
// rfi). Entering handlers: delivery.h.
#include "sim/core/ia64_vectors.h"
#include "sim/cpu_ia64/system/processor.h"
#include "sim/mmu/vhpt_ia64/fault_rules.h"

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
static_assert(tlb::agrees(fetch_rules, true));

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

/// The interrupted frame, which the handler has covered: back from below. What memory still has of it is
/// loaded before the next instruction, not here: that may fault, and then the interrupted state is the one
/// that rfi has restored.
bool Processor::uncover() {
  if ((r.ipsr & psr::is) != 0) return general_exception(isr::disabled_transition);
  const FrameMarker to{r.ifs & ((u64{1} << FrameMarker::bits) - 1)};
  const unsigned from = stack.frame().rrb_pr();
  stack.back(to, to.sof());
  rotate_predicates(from, stack.frame().rrb_pr());
  frame_changed();
  return true;
}

}  // namespace xs::ia64
