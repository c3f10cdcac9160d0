// An x86-64 core as a SystemC module: Unicorn executes, sim/mmu translates, system/ delivers exceptions and
// interrupts. The module's thread runs a quantum, adds its cycles to local time, and synchronises.
//
//   out     memory-mapped accesses that are not DRAM (DRAM goes by host pointer through MemoryPort)
//   io_out  the 64 KiB port space; the payload's address is the port
//   apic    messages by ApicBus; its own local APIC answers 0xfee00000 before `out` is asked
#pragma once
#include <tlm_utils/simple_initiator_socket.h>

#include <functional>
#include <memory>
#include <span>
#include <systemc>

#include "sim/core/debug.h"
#include "sim/core/memory_port.h"
#include "sim/cpu_x86/apic_bus.h"
#include "sim/cpu_x86/cpu_config.h"

namespace xs::x86 {

class Cpu : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<Cpu> out;
  tlm_utils::simple_initiator_socket<Cpu> io_out;

  Cpu(sc_core::sc_module_name name, const CpuConfig& config, MemoryPort& memory, ApicBus& apic);
  ~Cpu() override;

  /// PVH entry (xen/include/public/arch-x86/hvm/start_info.h): 32-bit protected mode, paging off,
  /// EBX = start_info. Only the boot processor; others wait for INIT/SIPI.
  void reset_pvh(u32 entry, u32 start_info_pa);

  const CpuCounters& counters() const;
  /// Hash over (core, instruction count, PC) at every trap, interrupt and quantum end (FNV-1a, 64 bits).
  u64 execution_hash() const;
  bool halted() const;  ///< in HLT with nothing pending, or waiting for SIPI
  /// No interrupt can ever wake this core by itself (halted with no LAPIC timer armed).
  bool waits_for_ever() const;
  /// Read access for panics, debuggers and tests; valid between quanta.
  const CpuView& view() const;
  u64 reg(const char* name) const;  ///< "rax".."r15", "rip", "rflags", "cr0".., for backtraces and tests
  /// User code on this core can still reach the frame by a TLB entry (mmu::Mmu::maps_frame).
  bool tlb_maps_for_user(u64 mfn) const;
  /// A device or another core wrote [pa, pa+size): translated code there must go.
  void invalidate_code(u64 pa, u64 size);
  void set_debugger(CpuDebugger* debugger);
  CpuControl& control();
  /// Called on each triple fault; the machine stops the run.
  std::function<void()> on_shutdown;

 private:
  void run();

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xs::x86
