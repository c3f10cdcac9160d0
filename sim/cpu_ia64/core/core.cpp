#include "sim/cpu_ia64/core/core.h"

#include <algorithm>
#include <cstdio>

#include "sim/cpu_ia64/system/delivery.h"

namespace xs::ia64 {

namespace {

constexpr u64 ps_per_s = 1'000'000'000'000;
/// So often may the same instruction be refused with collection off before the program counts as lost: when
/// nothing changes, and when something does.
constexpr unsigned first_look = 8, most_unchanged = 64, most_repeats = 100'000;

/// Of a cycle; 0 when it is not a whole number of them. The usual clocks need no division.
u64 whole_ps(u64 hz) { return ps_per_s % hz == 0 ? ps_per_s / hz : 0; }

std::string hexadecimal(u64 value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

Core::Core(const CoreConfig& config, MemoryPort& memory, CoreBus& bus, SapicBus& sapics)
    : config_(config),
      memory_(memory),
      bus_(bus),
      p_(config.processor, memory, bus, sapics),
      blocks_(p_),
      ps_per_cycle_(whole_ps(config.processor.timing.frequency_hz)),
      told_quickly_(ps_per_cycle_ != 0 ? config.observer : nullptr) {
  sapics.attach(*this);
  for (PastInterruption& past : past_) past.trap.cpu = static_cast<u8>(config.processor.id);
  if (config_.observer) p_.witness = this;
}

void Core::reset(u64 entry) {
  p_.r.ip = entry;
  p_.set_psr(psr::bn);
}

u64 Core::to_ps(u64 cycles) const {
  if (ps_per_cycle_ != 0) return cycles * ps_per_cycle_;
  const u64 hz = config_.processor.timing.frequency_hz;
  __extension__ using u128 = unsigned __int128;
  return static_cast<u64>(u128{cycles} * ps_per_s / hz);
}

u64 Core::to_cycles(u64 ps) const {
  const u64 hz = config_.processor.timing.frequency_hz;
  __extension__ using u128 = unsigned __int128;
  return static_cast<u64>((u128{ps} * hz + ps_per_s - 1) / ps_per_s);
}

u64 Core::instructions() const {
  return (p_.cycles() - p_.extra_cycles - idle_cycles_) / config_.processor.timing.instruction;
}

const CoreCounters& Core::counters() const {
  counters_.instructions = instructions();
  counters_.cycles = p_.cycles();
  counters_.idle_cycles = idle_cycles_;
  counters_.interruptions = interruptions();
  counters_.returns = p_.returns;
  counters_.mmu = p_.mmu.counters();
  return counters_;
}

void Core::hash(u64 value) {
  hash_ = (hash_ ^ value) * 0x9e3779b97f4a7c15;
  hash_ ^= hash_ >> 32;
}

void Core::advance_to(u64 cycles) {
  if (cycles <= p_.cycles()) return;
  idle_cycles_ += cycles - p_.cycles();
  p_.slice_end = cycles;
  p_.left = 0;
}

void Core::run(u64 end) {
  p_.settle_nats();
  follow_guards();
  while (!stopped() && p_.cycles() < end) {
    if (halted())
      idle(end);
    else
      slice(end);
  }
}

void Core::idle(u64 end) {
  while (halted() && p_.cycles() < end) {
    advance_to(std::min(end, p_.timer_cycle()));
    if (p_.cycles() >= p_.timer_cycle()) p_.timer_expired();
  }
}

bool Core::timer_off() const {
  constexpr u64 masked = 1 << 16;
  return p_.timer_cycle() == ~u64{0} || (p_.sapic.vector_register(0) & masked) != 0;
}

void Core::end_quantum() {
  p_.alat.clear();
  if (debugger_ && debugger_->wants_stop(config_.processor.id)) debug_stop({DebugStop::Why::request, {}});
  hash(p_.cycles());
  hash(p_.r.ip);
}

/// One visit of the run loop: at least an instruction, an interruption or a walk of the VHPT.
void Core::slice(u64 end) {
  if (p_.cycles() >= p_.timer_cycle()) p_.timer_expired();
  const u64 now = p_.cycles(), limit = std::min(end, p_.timer_cycle());
  p_.slice_end = limit;
  p_.left = static_cast<i64>(limit - now);
  blocks_.sweep();
  p_.review();
  if (debugger_ && (debug_step_ || !points_.empty())) return debugged_slice();
  if ((p_.code_mode & Processor::attention) != 0) {
    if (look_around()) return;
    if (p_.careful()) return step_carefully();
  }
  Block* block = find();
  if (!block) return;
  if (block->top >= p_.frame_top) return step_carefully();
  if (p_.left >= block->cost) return execute(*block);
  if (p_.left <= 0) return;  // a walk of the VHPT has taken what there was
  const u64 cost = config_.processor.timing.instruction;
  cut(static_cast<unsigned>((static_cast<u64>(p_.left) + cost - 1) / cost));
}

/// What comes before the next instruction; true when something did.
bool Core::look_around() {
  if (p_.stack.incomplete() && !p_.stack.complete()) {
    p_.pending.isr |= isr::ir;
    interrupt(p_.r.ip, p_.r.ri());
    return true;
  }
  if (!p_.interrupt_pending()) {
    p_.review();
    return false;
  }
  interrupt_externally();
  return true;
}

bool Core::fetch(u64& pa, bool& deferral) {
  if (!p_.fetch(p_.r.ip, pa, deferral)) {
    interrupt(p_.r.ip, p_.r.ri());
    return false;
  }
  if (memory_.readable(pa)) return true;
  p_.stop("the program runs at physical address " + hexadecimal(pa) + ", where there is no memory");
  return false;
}

/// The block at IP; null: the fetch was refused, and that is dealt with.
Block* Core::find() {
  const unsigned slot = p_.r.ri();
  const u64 ri = u64{slot} << psr::ri_shift;
  Block* known = static_cast<Block*>(p_.jump(p_.r.ip, slot));
  if (known->va == p_.r.ip && known->entry_mode == (p_.code_mode | ri)) return known;
  u64 pa = 0;
  bool deferral = false;
  if (!fetch(pa, deferral)) return nullptr;
  Block* block = blocks_.find(p_.r.ip, (p_.code_mode & code_mode_bits) | ri, pa);
  if (!block) block = decode(pa, deferral, ~0u);
  block->deferral = deferral;
  block->entry_mode = (p_.code_mode & ~Processor::attention) | ri;  // the fetch may have begun another epoch
  blocks_.remember(*block);
  return block;
}

Block* Core::decode(u64 pa, bool deferral, unsigned most) {
  CodeSource source{.va = p_.r.ip, .mode = p_.code_mode & code_mode_bits, .code = memory_.readable(pa)};
  source.bundles = static_cast<unsigned>((frame_size - (pa & frame_mask)) / bundle_size);
  source.first_slot = p_.r.ri();
  source.cycles = config_.processor.timing.instruction;
  source.most = most;
  if (config_.observer) source.taps = &config_.taps;
  // Also for what runs once: it may store to its own frame.
  if (most > 1 && !bus_.code_watched(pa >> frame_shift)) bus_.watch_code(pa >> frame_shift);
  if (most != ~0u) {
    scratch_ = {};
    ia64::translate(scratch_, source);
    scratch_.pa = pa;
    scratch_.deferral = deferral;
    return &scratch_;
  }
  auto block = std::make_unique<Block>();
  ia64::translate(*block, source);
  block->pa = pa;
  ++counters_.blocks_decoded;
  return &blocks_.add(std::move(block));
}

void Core::code_written(u64 mfn) {
  blocks_.drop_frame(mfn);
  if (p_.executing && static_cast<const Block*>(p_.block)->pa >> frame_shift == mfn) p_.leave_block();
}

void Core::execute(Block& block) {
  p_.r.psr &= ~psr::ri;
  p_.left -= block.cost;
  p_.block = &block;
  if (block.rotation != p_.rotation) rotate(p_, block);
  p_.executing = true;
  Next how = go_on(p_, block.slots.data());
  while (how == Next::fault) {
    fault();
    how = chain(p_);  // the handler, when it is known
  }
  p_.executing = false;
}

/// The first instructions of what is at IP, so many and no more.
void Core::cut(unsigned instructions) {
  u64 pa = 0;
  bool deferral = false;
  if (!fetch(pa, deferral)) return;
  Block& block = *decode(pa, deferral, instructions);
  if (block.top >= p_.frame_top) return step_carefully();
  execute(block);
}

/// Where a slot was refused: it has not happened, nor what lies behind it.
void Core::fault() {
  const Slot& s = *p_.stopped_at;
  const u64 bundle = bundle_of(p_, &s);
  if (p_.pending.manner == Manner::trap) [[unlikely]]
    return trap(s, bundle);
  const i64 refused = i64{s.behind} + config_.processor.timing.instruction;
  p_.left += refused;
  const bool first = refused == static_cast<Block*>(p_.block)->cost;
  if (!first) p_.last_bundle = s.ri != 0 ? bundle : bundle - 16;
  interrupt(bundle, s.ri);
}

/// It comes behind its instruction.
void Core::trap(const Slot& s, u64 bundle) {
  p_.left += s.behind;
  p_.pending.isr |= debug_traps(p_.r.psr);
  p_.set_psr(p_.r.psr & ~psr::one_instruction);
  p_.last_bundle = bundle;
  if (p_.pending.vector == Vector::lower_privilege_transfer) return interrupt(p_.r.ip, 0);
  interrupt(s.ri == 2 ? bundle + 16 : bundle, s.ri == 2 ? 0 : s.ri + 1u);  // no long instruction traps
}

PastInterruption& Core::next_place() {
  repeats_ = unchanged_ = 0;
  PastInterruption& place = past_[past_count_++ % remembered];
  place.registers = 0;
  return place;
}

/// Without a call that comes back: nothing is saved and restored.
template <bool external>
[[gnu::always_inline]] inline void Core::enter_handler(PastInterruption& place, u64 bundle, unsigned slot) {
  const Interruption& what = p_.pending;
  Trap& trap = place.trap;
  trap.kind = external       ? Trap::Kind::interrupt
              : what.address ? Trap::Kind::translation
                             : Trap::Kind::exception;
  trap.vector = external ? what.number : static_cast<u32>(what.vector);
  trap.address = what.ifa;
  trap.pc = bundle | slot;
  p_.deliver(bundle, slot);
  trap.error = p_.r.isr;
  const u64 now = p_.cycles();
  hash(now);
  hash(p_.r.ip);
  trap.time_ps = now * ps_per_cycle_;
  if (!told_quickly_) [[unlikely]]
    return tell_slowly(trap);
  told_quickly_->on_trap(trap);
}

void Core::interrupt(u64 bundle, unsigned slot) {
  if ((p_.r.psr & psr::ic) == 0) [[unlikely]]
    return interrupt_uncollected(bundle, slot);
  enter_handler<false>(next_place(), bundle, slot);
}

void Core::interrupt_uncollected(u64 bundle, unsigned slot) {
  enter_handler<false>(place_for(bundle | slot), bundle, slot);
}

void Core::interrupt_externally() {
  ++counters_.external_interrupts;
  p_.pending = {.vector = Vector::external_interrupt, .manner = Manner::interrupt};
  p_.pending.number = static_cast<u16>(p_.sapic.deliverable());
  enter_handler<true>(place_for(p_.r.ip | p_.r.ri()), p_.r.ip, p_.r.ri());
}

/// Where to note an interruption: with collection off one that is there already keeps its place.
PastInterruption& Core::place_for(u64 pc) {
  PastInterruption* known = (p_.r.psr & psr::ic) == 0 ? known_interruption(pc) : nullptr;
  if (!known) return next_place();
  ++repetitions_;
  note_repetition(*known);
  return *known;
}

void Core::tell_slowly(Trap& trap) {
  trap.time_ps = now_ps();
  if (config_.observer) config_.observer->on_trap(trap);
}

/// A handler that is refused at the same place again and again, with collection off, will be for ever: soon
/// said when no register changes meanwhile, late when one does. Up to `remembered` handlers may take turns.
void Core::note_repetition(PastInterruption& known) {
  if (++repeats_ < first_look) return;
  const u64 registers = register_digest();
  unchanged_ = known.registers == registers ? unchanged_ + 1 : 0;
  known.registers = registers;
  if (unchanged_ < most_unchanged && repeats_ < most_repeats) return;
  p_.stop(std::string("the program loops on a fault: ") + vector_name(p_.pending.vector) +
          ", again and again at the same instruction of a handler");
}

PastInterruption* Core::known_interruption(u64 pc) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(past_count_, u64{remembered}));
  const auto end = past_.begin() + count;
  const auto same = std::find_if(past_.begin(), end, [&](const PastInterruption& past) {
    return past.vector() == p_.pending.vector && past.trap.pc == pc;
  });
  return same == end ? nullptr : &*same;
}

u64 Core::register_digest() const {
  u64 digest = p_.r.pr;
  const auto add = [&digest](u64 value) { digest = (digest ^ value) * 0x9e3779b97f4a7c15; };
  for (const u64 value : p_.r.gr) add(value);
  for (const u64 value : p_.r.br) add(value);
  add(p_.r.lc);
  add(p_.stack.bsp());
  return digest;
}

std::vector<PastInterruption> Core::past_interruptions() const {
  std::vector<PastInterruption> out;
  for (u64 n = past_count_; n > 0 && out.size() < remembered; --n) out.push_back(past_[(n - 1) % remembered]);
  return out;
}

bool Core::answers(u8 id, u8 eid) const {
  const u64 lid = p_.sapic.lid();
  return (lid >> 24 & 0xff) == id && (lid >> 16 & 0xff) == eid;
}

void Core::deliver(const SapicMessage& message) {
  using Delivery = SapicMessage::Delivery;
  const u8 vector = message.delivery == Delivery::nmi      ? vector_nmi
                    : message.delivery == Delivery::extint ? vector_extint
                                                           : message.vector;
  if (message.delivery == Delivery::init || message.delivery == Delivery::pmi)
    p_.stop("an INIT or PMI message came, and there is no firmware to take it");
  else
    p_.sapic.request(vector);
  const bool slept = halted();
  p_.interrupt_requested();
  if (slept && (!halted() || stopped())) bus_.wake();
  if (p_.executing && (p_.code_mode & Processor::attention) != 0) p_.leave_block();  // its own store's doing
}

void Core::purge(u32 rid, u64 va, unsigned shift) {
  if (p_.mmu.purge_cached(rid, va, shift)) return;
  p_.stop("machine check: a global purge overlaps a translation register");
  if (halted()) bus_.wake();
}

}  // namespace xs::ia64
