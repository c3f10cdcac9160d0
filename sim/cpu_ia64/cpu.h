// An IA-64 core as a SystemC module: a thread that runs the core for a quantum, adds its cycles to local
// time, and synchronises.
//
//   out    accesses that are neither DRAM (by host pointer, MemoryPort) nor the interrupt block (the core's
//   own) group  interrupts, purges and frames with code, shared with the machine's other cores
#pragma once
#include <tlm_utils/simple_initiator_socket.h>

#include <functional>
#include <memory>
#include <systemc>

#include "sim/cpu_ia64/core_group.h"

namespace xs::ia64 {

struct CpuConfig {
  CoreConfig core;
  unsigned cores = 1;    ///< in the machine
  u32 quantum = 10'000;  ///< instructions between synchronisations
};

class Cpu : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<Cpu> out;

  Cpu(const sc_core::sc_module_name& name, const CpuConfig& config, MemoryPort& memory, CoreGroup& group);
  ~Cpu() override;

  /// Where firmware hands over: physical mode at `entry`, r28 = `boot_parameters`.
  void reset(u64 entry, u64 boot_parameters);
  Core& core();
  const Core& core() const;
  u64 quanta() const;
  u64 device_accesses() const;
  u64 unmodelled() const;

  /// The core executes nothing any more; it says why (Core::stop_reason).
  std::function<void()> on_stop;
  /// The name of a call that firmware does not serve, by what it has stored to tell of it.
  std::function<std::string(u64 call)> service_name;

 private:
  void run();

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xs::ia64
