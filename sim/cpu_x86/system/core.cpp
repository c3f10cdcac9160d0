// The run loop: events, engine, exits; and the engine's callbacks.
#include "sim/cpu_x86/system/core.h"

#include <cstring>

#include "sim/core/error.h"
#include "sim/cpu_x86/engine/svm_exit.h"
#include "sim/cpu_x86/system/architecture.h"

namespace xs::x86 {

namespace {

__extension__ using u128 = unsigned __int128;

constexpr u64 lapic_default_base = 0xfee00000;
/// Exits whose handling executes an instruction or delivers an exception.
constexpr bool executed_by_handle(EngineExit::Kind k) {
  using Kind = EngineExit::Kind;
  return k != Kind::limit && k != Kind::attention && k != Kind::stepped && k != Kind::held;
}

constexpr u64 apic_base_enabled = 1u << 11, apic_base_bsp = 1u << 8;

}  // namespace

Core::Core(const CpuConfig& config, MemoryPort& memory, ApicBus& apic, CoreBus& bus)
    : config_(config),
      memory_(memory),
      apic_bus_(apic),
      bus_(bus),
      mmu_(memory, config.timing, config.fidelity, config.tlb),
      frames_(CodeFrames::of(memory)),
      lapic_(static_cast<u8>(config.id), apic, *this),
      reported_(config.unmodelled ? config.unmodelled : std::make_shared<UnmodelledPlaces>()) {
  engine_ =
      std::make_unique<Engine>(EngineConfig{config.timing, config.taps, config.fidelity == Fidelity::exact,
                                            config.strict_alignment, config.code_buffer_mib, config.in_place},
                               memory, *frames_, *this);
  apic_base_ = lapic_default_base | apic_base_enabled | (config.id == 0 ? apic_base_bsp : 0);
  pat_ = 0x0007040600070406;
  reset_debug_registers();
  const u64 hz = config.timing.frequency_hz;
  ps_per_cycle_ = 1'000'000'000'000 % hz ? 0 : 1'000'000'000'000 / hz;
}

Core::~Core() = default;

void Core::reset_pvh(u32 entry, u32 start_info_pa) {
  engine_->reset_protected_mode();
  engine_->set_rip(entry);
  engine_->set_reg(Reg::rbx, start_info_pa);
  control_ = {};
  control_.cr0 = 0x11;
  update_mmu_control();
  mmu_.flush_all();
  state_ = CoreState::running;
}

void Core::run(u64 until) {
  yield_ = false;
  pauses_ = 0;
  while (state_ == CoreState::running && cycles() < until && !yield_) {
    if (points_changed_) [[unlikely]]
      update_points();
    lapic_.service(now_ps());
    if (take_events()) {
      debug_stepped();
      continue;
    }
    limit_ = std::min(until, deadline_cycles());
    if (armed_ && must_step()) [[unlikely]] {
      careful_step();
      debug_stepped();
      continue;
    }
    const EngineExit exit = run_engine();
    if (exit.kind == EngineExit::Kind::limit && cycles() < limit_)
      step_until(limit_);
    else
      handle(exit);
    if (executed_by_handle(exit.kind)) debug_stepped();
  }
}

void Core::step_until(u64 limit) {
  while (cycles() < limit && state_ == CoreState::running) {
    if (take_events()) return debug_stepped();  // the limit may hide that the engine stopped for one
    careful_step();
    debug_stepped();
  }
}

void Core::handle(const EngineExit& exit) {
  using Kind = EngineExit::Kind;
  switch (exit.kind) {
    case Kind::limit:
    case Kind::attention:
    case Kind::stepped:
    case Kind::held:
      break;
    case Kind::careful:
      careful_step();
      break;
    case Kind::code_stop:
      if (!take_events()) stopped_in_front();
      break;
    case Kind::intercept:
      on_intercept(exit);
      break;
    case Kind::fault:
      on_fault(exit);
      break;
    case Kind::syscall:
      syscall(syscall_length());
      break;
    case Kind::sysenter:
      sysenter();
      break;
  }
}

bool Core::interruptible() const { return engine_->control_flags() & rflags::if_ && !engine_->shadow(); }

/// Delivers what is due at this instruction boundary (priorities: SDM vol. 3A table 6-2). True when it did.
bool Core::take_events() {
  if (init_pending_) {
    init_pending_ = false;
    lapic_.reset(false);
    control_ = {};
    nmi_pending_ = false;
    block_nmi(false);
    reset_debug_registers();
    engine_->reset_real_mode(0);
    update_points();
    state_ = CoreState::wait_for_sipi;
    return true;
  }
  if (nmi_pending_ && !nmi_blocked_ && !engine_->shadow()) {
    nmi_pending_ = false;
    block_nmi(true);
    raise({vec_nmi, Event::Source::external, false, 0, 0, engine_->rip()});
    return true;
  }
  if (!lapic_.pending()) return false;
  if (!interruptible()) {
    engine_->request_attention();
    return false;
  }
  ++counters_.interrupts;
  raise({lapic_.acknowledge(), Event::Source::external, false, 0, 0, engine_->rip()});
  return true;
}

void Core::block_nmi(bool on) {
  nmi_blocked_ = on;
  engine_->intercept(svm::exit_iret, on || points_.any_guest_code());
}

/// An IRET is about to execute: NMIs may come behind it, even when it faults (SDM vol. 3A 6.7.1). And it may
/// set RF, which must_step() then sees.
void Core::step_iret() {
  nmi_blocked_ = false;
  engine_->intercept(svm::exit_iret, false);
  careful_step();
  block_nmi(nmi_blocked_);
}

Attention Core::attention() {
  if (init_pending_ || (armed_ && must_step())) return Attention::now;
  if (nmi_pending_ && !nmi_blocked_) return engine_->shadow() ? Attention::later : Attention::now;
  if (deadline_cycles() < limit_) return Attention::now;  // the timer was armed since
  if (!lapic_.pending()) return Attention::none;
  return interruptible() ? Attention::now : Attention::later;
}

void Core::iret() { ++counters_.irets; }

// ---- halted time ----

bool Core::wakeable() const {
  if (init_pending_) return true;
  if (state_ == CoreState::wait_for_sipi || state_ == CoreState::shutdown) return false;
  if (nmi_pending_ && !nmi_blocked_) return true;
  return lapic_.pending() && (engine_->control_flags() & rflags::if_);
}

void Core::advance_to(u64 target) {
  if (target > cycles()) {
    if (state_ == CoreState::halted) counters_.halted_cycles += target - cycles();
    engine_->charge(target - cycles(), 0);
  }
  lapic_.service(now_ps());
  if (wakeable()) state_ = CoreState::running;
}

u64 Core::deadline_cycles() const {
  const u64 deadline = lapic_.deadline_ps();
  return deadline == Lapic::never ? ~u64{0} : to_cycles(deadline);
}

u64 Core::to_ps(u64 cycles) const {
  if (ps_per_cycle_) return cycles * ps_per_cycle_;
  return static_cast<u64>(u128{cycles} * 1'000'000'000'000u / config_.timing.frequency_hz);
}
u64 Core::to_cycles(u64 ps) const {
  if (ps_per_cycle_) return (ps + ps_per_cycle_ - 1) / ps_per_cycle_;
  const u128 scaled = u128{ps} * config_.timing.frequency_hz;
  return static_cast<u64>((scaled + 999'999'999'999u) / 1'000'000'000'000u);
}

// ---- signals from the local APIC ----

void Core::interrupt_changed() {
  interrupt_raised_ = true;
  if (engine_) engine_->request_attention();
  if (state_ != CoreState::running) bus_.wake();
}
void Core::nmi() {
  nmi_pending_ = true;
  interrupt_changed();
}
void Core::init() {
  init_pending_ = true;
  interrupt_changed();
}

void Core::startup(u8 vector) {
  if (init_pending_) take_events();
  if (state_ != CoreState::wait_for_sipi) return;
  engine_->reset_real_mode(static_cast<u16>(vector << 8));
  control_ = {};
  control_.cr0 = 0x10;
  update_mmu_control();
  mmu_.flush_all();
  state_ = CoreState::running;
  bus_.wake();
}

// ---- the engine's callbacks ----

bool Core::lapic_page(u64 pa) const {
  return (apic_base_ & apic_base_enabled) && ((pa ^ apic_base_) & 0xffffff000) == 0 && pa >> 36 == 0;
}

u64 Core::device_access(Space space, bool write, u64 address, u64 value, unsigned size) {
  u64 latency = 0;
  u8 data[8];
  std::memcpy(data, &value, sizeof data);
  const bool answered = bus_.transport(space, write, address, data, size, latency);
  engine_->charge(latency, 0);
  if (!answered) {
    if (space == Space::port)
      unmodelled_port(static_cast<u16>(address));
    else
      unmodelled_memory("mmio", write, address, size);
  }
  u64 result = 0;
  std::memcpy(&result, data, size);
  return result;
}

u64 Core::mmio_read(u64 pa, unsigned size) {
  ++counters_.mmio_accesses;
  engine_->charge(config_.timing.mmio, 0);
  if (!lapic_page(pa)) return device_access(Space::memory, false, pa, ~u64{0}, size);
  const u32 offset = static_cast<u32>(pa & frame_mask);
  if (!lapic_.known(offset)) unmodelled_memory("lapic", false, pa, size);
  return lapic_.read(offset);
}

void Core::mmio_write(u64 pa, unsigned size, u64 value) {
  ++counters_.mmio_accesses;
  engine_->charge(config_.timing.mmio, 0);
  interrupt_raised_ = false;
  if (!lapic_page(pa)) {
    device_access(Space::memory, true, pa, value, size);
  } else {
    const u32 offset = static_cast<u32>(pa & frame_mask);
    if (!lapic_.known(offset)) unmodelled_memory("lapic", true, pa, size);
    lapic_.write(offset, static_cast<u32>(value));
  }
  if (interrupt_raised_) note_interrupt(false, pa, size);
}

u32 Core::port_read(u16 port, unsigned size) {
  ++counters_.port_accesses;
  note_port_access();
  engine_->charge(config_.timing.port_io, 0);
  return static_cast<u32>(device_access(Space::port, false, port, ~u64{0}, size));
}

void Core::port_write(u16 port, unsigned size, u32 value) {
  ++counters_.port_accesses;
  note_port_access();
  engine_->charge(config_.timing.port_io, 0);
  interrupt_raised_ = false;
  device_access(Space::port, true, port, value, size);
  if (interrupt_raised_) note_interrupt(true, 0, 0);
}

void Core::tap(u64 pc) {
  view_pc_ = pc;
  in_block_ = true;
  if (config_.observer) config_.observer->on_tap(*this);
  in_block_ = false;
}

// ---- counters, views ----

const CpuCounters& Core::counters() const {
  counters_.instructions = engine_->instructions();
  counters_.cycles = cycles();
  counters_.single_steps = engine_->single_steps();
  counters_.engine_entries = engine_->entries();
  counters_.mmu = mmu_.counters();
  return counters_;
}

u64 Core::instructions() const {
  return in_block_ ? engine_->instructions_at(view_pc_) : engine_->instructions();
}

/// FNV-1a on words, folded so that high bits come down.
void Core::hash(u64 pc) {
  for (u64 word : {u64{config_.id}, engine_->instructions(), pc}) {
    hash_ = (hash_ ^ word) * 0x100000001b3;
    hash_ ^= hash_ >> 29;
  }
}

void Core::end_quantum() {
  ++counters_.quanta;
  view_pc_ = engine_->rip();
  hash(view_pc_);
  if (debugger_ && debugger_->wants_stop(config_.id)) debug_stop({DebugStop::Why::request, {}});
}

u64 Core::tap_reg(unsigned index) const {
  static constexpr Reg order[] = {Reg::rdi, Reg::rsi, Reg::rdx, Reg::rcx, Reg::r8, Reg::rax};
  return index < std::size(order) ? engine_->reg(order[index]) : 0;
}

bool Core::in_guest() const { return (engine_->segment(seg_cs).selector & 3) == 3; }

u64 Core::general_reg(unsigned index) const { return index < 16 ? engine_->reg(static_cast<Reg>(index)) : 0; }

u64 Core::caller() const {
  u64 address = view_pc_;
  peek(engine_->reg(Reg::rsp), &address, sizeof address);
  return address;
}

bool Core::peek(u64 va, void* out, u64 size) const {
  u8* to = static_cast<u8*>(out);
  while (size) {
    u64 pa = 0;
    if (!mmu_.probe(va, pa)) return false;
    const u8* host = memory_.host(pa);
    if (!host) return false;
    const u64 chunk = std::min(size, frame_size - (va & frame_mask));
    std::memcpy(to, host, chunk);
    va += chunk;
    to += chunk;
    size -= chunk;
  }
  return true;
}

u64 Core::reg(const std::string& name) const {
  static constexpr const char* names[] = {"rax",    "rcx", "rdx", "rbx", "rsp", "rbp",     "rsi",    "rdi",
                                          "r8",     "r9",  "r10", "r11", "r12", "r13",     "r14",    "r15",
                                          "rflags", "cr0", "",    "cr3", "cr4", "fs_base", "gs_base"};
  if (name == "rip") return engine_->rip();
  if (name == "cr2") return cr2_;
  if (name == "cr8") return lapic_.tpr() >> 4;
  if (name == "efer") return control_.efer;
  if (name == "cs") return engine_->segment(seg_cs).selector;
  if (name == "ss") return engine_->segment(seg_ss).selector;
  for (unsigned i = 0; i < std::size(names); ++i)
    if (name == names[i]) return engine_->reg(static_cast<Reg>(i));
  throw Error("no register is called " + name);
}

}  // namespace xs::x86
