// What comes from outside the instruction stream: interrupts, NMI, INIT and SIPI, halted time.
#include "sim/cpu_x86/engine/svm_exit.h"
#include "sim/cpu_x86/system/architecture.h"
#include "sim/cpu_x86/system/core.h"

namespace xs::x86 {

namespace {

__extension__ using u128 = unsigned __int128;

}  // namespace

bool Core::interruptible() const { return engine_->control_flags() & rflags::if_ && !engine_->shadow(); }

void Core::take_init() {
  init_pending_ = false;
  lapic_.reset(false);
  control_ = {};
  nmi_pending_ = false;
  block_nmi(false);
  reset_debug_registers();
  engine_->reset_real_mode(0);
  update_points();
  state_ = CoreState::wait_for_sipi;
}

/// Delivers what is due at this instruction boundary (priorities: SDM vol. 3A table 6-2). True when it did.
bool Core::take_events() {
  if (init_pending_) {
    take_init();
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

// ---- time ----

u64 Core::to_ps(u64 cycles) const {
  if (ps_per_cycle_) return cycles * ps_per_cycle_;
  return static_cast<u64>(u128{cycles} * 1'000'000'000'000u / config_.timing.frequency_hz);
}
u64 Core::to_cycles(u64 ps) const {
  if (ps_per_cycle_) return (ps + ps_per_cycle_ - 1) / ps_per_cycle_;
  const u128 scaled = u128{ps} * config_.timing.frequency_hz;
  return static_cast<u64>((scaled + 999'999'999'999u) / 1'000'000'000'000u);
}

}  // namespace xs::x86
