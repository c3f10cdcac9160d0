// What a core is told and what it counts. Free of SystemC.
#pragma once
#include <memory>
#include <set>
#include <span>
#include <string>
#include <tuple>

#include "sim/core/tap.h"
#include "sim/core/timing_model.h"
#include "sim/mmu/mmu.h"

namespace xs::x86 {

/// Kind, address and PC of what was reported: once per place and machine, whichever core comes by.
using UnmodelledPlaces = std::set<std::tuple<std::string, u64, u64>>;

struct CpuConfig {
  unsigned id = 0;       ///< core number and APIC id
  unsigned cores = 1;    ///< in the machine; CPUID topology
  u32 quantum = 10'000;  ///< instructions between synchronisations
  TimingModel timing;
  Fidelity fidelity = Fidelity::fast;
  bool strict_alignment = false;  ///< #GP for misaligned operands of MOVAPS and its like
  mmu::TlbGeometry tlb;
  std::span<const u64> taps;        ///< code addresses at which CpuObserver::on_tap is called
  u32 code_buffer_mib = 1024;       ///< host address space for translated code
  bool in_place = true;             ///< false: no short cuts through Unicorn's inside, same results
  CpuObserver* observer = nullptr;  ///< may be null; taps are installed all the same
  std::shared_ptr<UnmodelledPlaces> unmodelled;  ///< shared by the machine's cores; null: the core's own
};

/// An instruction is counted when it completes; each iteration of a REP string instruction is one, and so is
/// the last, empty test of RCX.
struct CpuCounters {
  u64 instructions = 0, cycles = 0, halted_cycles = 0;
  u64 exceptions[32] = {};
  u64 interrupts = 0, software_interrupts = 0, syscalls = 0, irets = 0;
  u64 port_accesses = 0, mmio_accesses = 0, unmodelled = 0;
  u64 quanta = 0, single_steps = 0;
  u64 engine_entries = 0;  ///< of Unicorn's run loop; a measure of speed, nothing architectural
  mmu::MmuCounters mmu;
};

}  // namespace xs::x86
