// The SystemC side: one thread per core, temporal decoupling by quantum, TLM transactions for devices.
#include "sim/cpu_x86/cpu.h"

#include <tlm_utils/tlm_quantumkeeper.h>

#include <cstring>

#include "sim/cpu_x86/system/core.h"

namespace xs::x86 {

namespace {

/// The thread's stack: Unicorn needs a few KiB, its translator more; measured use is far below this.
constexpr size_t thread_stack = 256 * 1024;

sc_core::sc_time from_ps(u64 ps) { return sc_core::sc_time::from_value(ps); }

}  // namespace

struct Cpu::Impl final : CoreBus {
  Impl(Cpu& cpu, const CpuConfig& c, MemoryPort& memory, ApicBus& apic)
      : module(cpu), config(c), core(c, memory, apic, *this) {}

  bool transport(Space space, bool write, u64 address, u8* data, unsigned size, u64& cycles) override;
  void wake() override { woken.notify(sc_core::SC_ZERO_TIME); }
  void shutdown() override {
    if (module.on_shutdown) module.on_shutdown();
  }

  void run();
  void run_quantum();
  void sleep();
  u64 quantum_end() const;
  /// Local time follows the core's cycles.
  void set_local_time() { keeper.set(from_ps(core.now_ps()) - sc_core::sc_time_stamp()); }

  Cpu& module;
  CpuConfig config;
  sc_core::sc_event woken;
  tlm_utils::tlm_quantumkeeper keeper;
  Core core;
};

bool Cpu::Impl::transport(Space space, bool write, u64 address, u8* data, unsigned size, u64& cycles) {
  tlm::tlm_generic_payload payload;
  payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload.set_address(address);
  payload.set_data_ptr(data);
  payload.set_data_length(size);
  payload.set_streaming_width(size);
  payload.set_byte_enable_ptr(nullptr);
  payload.set_dmi_allowed(false);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  set_local_time();
  sc_core::sc_time delay = keeper.get_local_time();
  const sc_core::sc_time before = delay;
  (space == Space::port ? module.io_out : module.out)->b_transport(payload, delay);
  cycles = delay > before ? core.to_cycles((delay - before).value()) : 0;
  if (payload.is_response_ok()) return true;
  if (!write) std::memset(data, 0xff, size);
  return false;
}

/// With one core the next device event ends the quantum: its interrupt is then taken at the right
/// instruction.
u64 Cpu::Impl::quantum_end() const {
  const u64 now = core.cycles();
  u64 end = now + u64{config.quantum} * config.timing.instruction;
  if (config.cores == 1 && sc_core::sc_pending_activity()) {
    const sc_core::sc_time next = sc_core::sc_time_stamp() + sc_core::sc_time_to_pending_activity();
    end = std::min(end, std::max(core.to_cycles(next.value()), now + 1));
  }
  return end;
}

void Cpu::Impl::run_quantum() {
  core.run(quantum_end());
  core.end_quantum();
  set_local_time();
  keeper.sync();
}

// No state on this stack: halted or not is the core's state, and the thread can start anew at any quantum
// end.
void Cpu::Impl::sleep() {
  core.advance_to(core.to_cycles(sc_core::sc_time_stamp().value()));
  if (core.state() == CoreState::running) return;
  if (core.wakeable()) return;
  const u64 deadline = core.state() == CoreState::halted ? core.deadline_cycles() : ~u64{0};
  if (deadline == ~u64{0})
    sc_core::wait(woken);
  else
    sc_core::wait(from_ps(core.to_ps(deadline)) - sc_core::sc_time_stamp(), woken);
  core.advance_to(core.to_cycles(sc_core::sc_time_stamp().value()));
}

void Cpu::Impl::run() {
  keeper.reset();
  for (;;) {
    if (core.state() == CoreState::running)
      run_quantum();
    else
      sleep();
  }
}

Cpu::Cpu(sc_core::sc_module_name name, const CpuConfig& config, MemoryPort& memory, ApicBus& apic)
    : sc_module(name),
      out("out"),
      io_out("io_out"),
      impl_(std::make_unique<Impl>(*this, config, memory, apic)) {
  SC_HAS_PROCESS(Cpu);
  SC_THREAD(run);
  set_stack_size(thread_stack);
}

Cpu::~Cpu() = default;

void Cpu::run() { impl_->run(); }
void Cpu::reset_pvh(u32 entry, u32 start_info_pa) { impl_->core.reset_pvh(entry, start_info_pa); }
const CpuCounters& Cpu::counters() const { return impl_->core.counters(); }
u64 Cpu::execution_hash() const { return impl_->core.execution_hash(); }
const CpuView& Cpu::view() const { return impl_->core; }
u64 Cpu::reg(const char* name) const { return impl_->core.reg(name); }
bool Cpu::tlb_maps_for_user(u64 mfn) const { return impl_->core.tlb_maps_for_user(mfn); }
void Cpu::set_debugger(CpuDebugger* debugger) { impl_->core.set_debugger(debugger); }
CpuControl& Cpu::control() { return impl_->core; }
void Cpu::invalidate_code(u64 pa, u64 size) { impl_->core.invalidate_code(pa, size); }

bool Cpu::halted() const {
  const CoreState s = impl_->core.state();
  return s != CoreState::running && !impl_->core.wakeable();
}

bool Cpu::waits_for_ever() const {
  return halted() && (impl_->core.state() != CoreState::halted || impl_->core.deadline_cycles() == ~u64{0});
}

}  // namespace xs::x86
