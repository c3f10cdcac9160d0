#include "sim/cpu_ia64/cpu.h"

#include <tlm_utils/tlm_quantumkeeper.h>

#include <algorithm>
#include <cstring>

namespace xs::ia64 {
namespace {

/// A block is a chain of calls where the compiler makes no jumps of them: up to 768 slots.
constexpr size_t thread_stack = 1024 * 1024;

sc_core::sc_time from_ps(u64 ps) { return sc_core::sc_time::from_value(ps); }

}  // namespace

struct Cpu::Impl final : CoreBus {
  Impl(Cpu& cpu, const CpuConfig& c, MemoryPort& memory, CoreGroup& g)
      : module(cpu), config(c), group(g), core(c.core, memory, *this, g.sapics) {
    group.attach(core);
  }

  bool transport(bool write, u64 pa, u8* data, unsigned size, u64& cycles) override;
  std::string refused_call(u64 call) const override { return module.service_name(call); }
  void wake() override { woken.notify(sc_core::SC_ZERO_TIME); }
  void purge_elsewhere(u32 rid, u64 va, unsigned shift) override {
    group.purge_all_but(core, rid, va, shift);
  }
  void watch_code(u64 mfn) override { group.watch(mfn); }
  bool code_watched(u64 mfn) const override { return group.watched(mfn); }
  void code_written(u64 mfn) override { group.written(mfn); }
  bool guarded(u64 mfn) const {
    return config.core.observer && config.core.observer->guards(mfn << frame_shift);
  }
  bool tells_stores(u64 mfn) const override { return group.watched(mfn) || guarded(mfn); }
  void stored(u64 va, u64 pa) override {
    const u64 mfn = pa >> frame_shift;
    if (guarded(mfn)) config.core.observer->on_guarded_store(core, va & ~frame_mask, mfn << frame_shift);
    group.written(mfn);
  }

  void run();
  void run_quantum();
  void sleep();
  void not_modelled(u64 pa);
  u64 quantum_end() const;
  /// Local time follows the core's cycles.
  void set_local_time() { keeper.set(from_ps(core.now_ps()) - sc_core::sc_time_stamp()); }

  Cpu& module;
  CpuConfig config;
  CoreGroup& group;
  sc_core::sc_event woken;
  tlm_utils::tlm_quantumkeeper keeper;
  Core core;
  u64 quanta = 0, device_accesses = 0, unmodelled = 0;
};

bool Cpu::Impl::transport(bool write, u64 pa, u8* data, unsigned size, u64& cycles) {
  ++device_accesses;
  tlm::tlm_generic_payload payload;
  payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload.set_address(pa);
  payload.set_data_ptr(data);
  payload.set_data_length(size);
  payload.set_streaming_width(size);
  payload.set_byte_enable_ptr(nullptr);
  payload.set_dmi_allowed(false);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  set_local_time();
  sc_core::sc_time delay = keeper.get_local_time();
  const sc_core::sc_time before = delay;
  module.out->b_transport(payload, delay);
  cycles = delay > before ? core.to_cycles((delay - before).value()) : 0;
  if (payload.is_response_ok()) return true;
  if (!write) std::memset(data, 0xff, size);
  not_modelled(pa);
  return false;
}

void Cpu::Impl::not_modelled(u64 pa) {
  ++unmodelled;
  CpuObserver* observer = config.core.observer;
  if (observer && group.first_unmodelled(pa, core.pc())) observer->on_unmodelled(core, "address", pa);
}

/// With one core the next device event ends the quantum: its interrupt is then taken at the right
/// instruction.
u64 Cpu::Impl::quantum_end() const {
  const u64 now = core.cycles();
  u64 end = now + u64{config.quantum} * config.core.processor.timing.instruction;
  if (config.cores == 1 && sc_core::sc_pending_activity()) {
    const sc_core::sc_time next = sc_core::sc_time_stamp() + sc_core::sc_time_to_pending_activity();
    end = std::min(end, std::max(core.to_cycles(next.value()), now + 1));
  }
  return end;
}

void Cpu::Impl::run_quantum() {
  core.run(quantum_end());
  core.end_quantum();
  ++quanta;
  set_local_time();
  keeper.sync();
}

/// Until the timer is due or somebody sends an interrupt.
void Cpu::Impl::sleep() {
  const auto to_now = [this] { core.idle(core.to_cycles(sc_core::sc_time_stamp().value())); };
  to_now();
  if (!core.halted()) return;
  if (core.timer_off())
    sc_core::wait(woken);
  else
    sc_core::wait(from_ps(core.to_ps(core.processor().timer_cycle())) - sc_core::sc_time_stamp(), woken);
  to_now();
  // Who sent the interrupt may have been at the end of a quantum: time passes even when the halt is over.
  core.advance_to(core.to_cycles(sc_core::sc_time_stamp().value()));
}

// No state on this stack: halted or not is the core's state, and the thread can start anew at any quantum
// end.
void Cpu::Impl::run() {
  keeper.reset();
  while (!core.stopped()) {
    if (core.halted())
      sleep();
    else
      run_quantum();
  }
  if (module.on_stop) module.on_stop();
}

Cpu::Cpu(const sc_core::sc_module_name& name, const CpuConfig& config, MemoryPort& memory, CoreGroup& group)
    : sc_module(name), out("out"), impl_(std::make_unique<Impl>(*this, config, memory, group)) {
  SC_HAS_PROCESS(Cpu);
  SC_THREAD(run);
  set_stack_size(thread_stack);
}

Cpu::~Cpu() = default;

void Cpu::run() { impl_->run(); }
void Cpu::reset(u64 entry, u64 boot_parameters) {
  constexpr unsigned boot_parameter_register = 28;
  impl_->core.reset(entry);
  impl_->core.processor().r.gr[boot_parameter_register] = boot_parameters;
}
Core& Cpu::core() { return impl_->core; }
const Core& Cpu::core() const { return impl_->core; }
u64 Cpu::quanta() const { return impl_->quanta; }
u64 Cpu::device_accesses() const { return impl_->device_accesses; }
u64 Cpu::unmodelled() const { return impl_->unmodelled; }

}  // namespace xs::ia64
