// The run loop: events, engine, exits.
#include "sim/cpu_x86/system/core.h"

#include "sim/cpu_x86/system/architecture.h"

namespace xs::x86 {

namespace {

constexpr u64 apic_base_at_reset = 0xfee00000;

/// Exits whose handling executes an instruction or delivers an exception.
constexpr bool executed_by_handle(EngineExit::Kind k) {
  using Kind = EngineExit::Kind;
  return k != Kind::limit && k != Kind::attention && k != Kind::stepped && k != Kind::held;
}

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
  apic_base_ = apic_base_at_reset | apic_base_enabled | (config.id == 0 ? apic_base_bsp : 0);
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
      take_noted_points();
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
    handle(exit);
    if (executed_by_handle(exit.kind)) debug_stepped();
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
      syscall(exit.code != 0 ? exit.code : opcode_at_intercept().length_to_modrm);
      break;
    case Kind::sysenter:
      sysenter();
      break;
  }
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

}  // namespace xs::x86
