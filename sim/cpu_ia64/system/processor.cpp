#include "sim/cpu_ia64/system/processor.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace xs::ia64 {

namespace {

constexpr unsigned rotating_predicates = 48;
static_assert(Registers::bank_0 >= 32 + RegisterStack::physical + RegisterStack::slack);

/// The 48 rotating bits turned right by `by` places.
u64 turn(u64 pr, unsigned by) {
  constexpr u64 low = 0xffff, all = (u64{1} << rotating_predicates) - 1;
  const u64 bits = pr >> 16;
  if (by == 0) return pr;
  return (pr & low) | ((bits >> by | bits << (rotating_predicates - by)) & all) << 16;
}

}  // namespace

Processor::Processor(const ProcessorConfig& c, MemoryPort& m, CoreBus& b, SapicBus& s)
    : stack(*this, &r.gr[32], &r.nat[32], any_nat),
      config(c),
      memory(m),
      bus(b),
      sapics(s),
      mmu(m, {c.timing, c.instruction_tlb, c.data_tlb}, this) {
  for (auto& place : r.pmc) place = 0;
  r.fr[1] = fp::one();
  r.fpsr = fp::default_fpsr;
  sapic.write_lid(u64{c.id} << 24);
  set_psr(psr::bn);
  frame_changed();
}

void Processor::set_watch(std::function<void(const DataAccess&)> on_access) {
  watch = std::move(on_access);
  set_access_modes();
}

void Processor::frame_changed() {
  const u64 raw = stack.frame().raw;
  rotation = (raw >> 18 & 0x3fff) != 0 ? static_cast<u32>(raw >> 14 & 0x3ffff) : 0;
  frame_top = static_cast<u8>(32 + stack.frame().sof());
  frame = rotation << 8 | frame_top;
  if (stack.incomplete()) call_attention();
}

void Processor::set_frame(FrameMarker marker) {
  rotate_predicates(stack.frame().rrb_pr(), marker.rrb_pr());
  stack.set_frame(marker);
  frame_changed();
}

void Processor::rotate_predicates(unsigned from, unsigned to) {
  r.pr = turn(r.pr, (to + rotating_predicates - from) % rotating_predicates);
}

u64 Processor::physical_predicates() const {
  const unsigned rrb = stack.frame().rrb_pr();
  return turn(r.pr, (rotating_predicates - rrb) % rotating_predicates);
}

void Processor::set_physical_predicates(u64 value) {
  r.pr = turn(value | 1, stack.frame().rrb_pr() % rotating_predicates);
}

void Processor::settle_nats() {
  const auto set = [](const auto& bits) {
    return std::any_of(bits.begin(), bits.end(), [](u8 b) { return b != 0; });
  };
  if (!any_nat || set(r.nat) || stack.has_nats()) return;
  stack.forget_nats();
  any_nat = false;
}

bool Processor::general_exception(u64 code) {
  return refuse({.vector = Vector::general_exception, .isr = code});
}

bool Processor::nat_consumption(u64 access) {
  return refuse({.vector = Vector::nat_consumption, .isr = isr::register_nat | access});
}

/// ISR.code: bit 0 for the low registers, bit 1 for the high ones.
bool Processor::disabled_fp(bool high) {
  return refuse({.vector = Vector::disabled_fp_register, .isr = high ? u64{2} : u64{1}});
}

/// No time is left for more, and since the end of the slice moves as well, no time passes.
void Processor::leave_block() {
  constexpr i64 dearest_block = i64{1} << 32;
  const i64 excess = left + dearest_block;
  if (excess <= 0) return;
  left -= excess;
  slice_end -= static_cast<u64>(excess);
}

void Processor::stop(std::string why) {
  stop_reason = std::move(why);
  code_standing |= attention;
  call_attention();
}

void Processor::set_debugged(bool on) {
  code_standing = (code_standing & mode_epoch) | (on || !stop_reason.empty() ? attention : 0);
  review();
}

/// When the numbers begin anew, blocks that have them still must not be met.
void Processor::new_epoch() {
  code_standing = (code_standing & attention) | ((code_standing + mode_epoch_step) & mode_epoch);
  code_mode = (code_mode & ~mode_epoch) | (code_standing & mode_epoch);
  if ((code_standing & mode_epoch) != 0) return;
  for (CodePlace* place : jumps) place->entry_mode = no_mode;
}

void Processor::revoked(bool fetch, u64 offset, unsigned shift) {
  constexpr u64 offset_mask = (u64{1} << 61) - 1;
  if (fetch) {
    new_epoch();
    if (!executing || (r.psr & psr::it) == 0) return;
    const bool own_page =
        shift >= mmu::ia64::Loss::everything || ((block->va & offset_mask) ^ offset) >> shift == 0;
    if (own_page) leave_block();
  } else if (shift >= mmu::ia64::Loss::everything) {
    data.clear();
  } else {
    data.drop(offset, shift);
  }
}

}  // namespace xs::ia64
