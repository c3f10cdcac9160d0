#include "sim/cpu_ia64/cpu.h"

#include <tlm_utils/tlm_quantumkeeper.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace xs::ia64 {
namespace {

/// A block is a chain of calls where the compiler makes no jumps of them: up to 768 slots.
constexpr size_t thread_stack = 1024 * 1024;

sc_core::sc_time from_ps(u64 ps) { return sc_core::sc_time::from_value(ps); }

std::string hex(u64 value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

struct Cpu::Impl final : CoreBus {
  Impl(Cpu& cpu, const CpuConfig& c, MemoryPort& memory, CoreGroup& g)
      : module(cpu), config(c), group(g), core(c.core, memory, *this, g.sapics) {
    group.attach(core);
  }

  bool transport(bool write, u64 pa, u8* data, unsigned size, u64& cycles) override;
  std::string no_code_at(u64 pa) const override;
  void purge_elsewhere(u32 rid, u64 va, unsigned shift) override {
    group.purge_all_but(core, rid, va, shift);
  }
  void watch_code(u64 mfn) override { group.watch(mfn); }
  bool code_watched(u64 mfn) const override { return group.watched(mfn); }
  void code_written(u64 mfn) override { group.written(mfn); }

  void run();
  void not_modelled(u64 pa);
  u64 quantum_end() const;
  /// Local time follows the core's cycles.
  void set_local_time() { keeper.set(from_ps(core.now_ps()) - sc_core::sc_time_stamp()); }

  Cpu& module;
  CpuConfig config;
  CoreGroup& group;
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

std::string Cpu::Impl::no_code_at(u64 pa) const {
  const std::string name = module.firmware_at ? module.firmware_at(pa) : "";
  if (name.empty()) return "the program runs at physical address " + hex(pa) + ", where there is no memory";
  return "the program calls firmware that this machine does not have: " + name;
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

// No state on this stack: the thread can start anew at any quantum end.
void Cpu::Impl::run() {
  keeper.reset();
  while (!core.stopped()) {
    core.run(quantum_end());
    core.end_quantum();
    ++quanta;
    set_local_time();
    keeper.sync();
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
