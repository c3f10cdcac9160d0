#include "sim/scenario/counters.h"

#include <fmt/format.h>

namespace xs::scenario {
namespace {

constexpr unsigned deepest = 24;  // frames of one backtrace

/// Frame pointer chain as -fno-omit-frame-pointer leaves it: [rbp] = caller's rbp, [rbp+8] = return address.
void add_callers(const platform::Machine& machine, unsigned cpu, const observe::Symbolizer& symbols,
                 std::vector<std::string>& out) {
  u64 frame = machine.cpu_reg(cpu, "rbp");
  for (unsigned i = 0; i < deepest; ++i) {
    u64 words[2] = {};
    if (!frame || frame % 8 || !machine.cpu(cpu).peek(frame, words, sizeof words)) return;
    // A return address points behind the call: one less names the calling line.
    if (symbols.function(words[1] - 1).empty()) return;
    out.push_back("      " + symbols.describe(words[1] - 1));
    if (words[0] <= frame) return;  // stacks grow down: callers lie higher
    frame = words[0];
  }
}

}  // namespace

std::vector<std::string> backtraces(const platform::Machine& machine, const observe::Symbolizer& symbols) {
  std::vector<std::string> out;
  for (unsigned cpu = 0; cpu < machine.cpus(); ++cpu) {
    out.push_back(fmt::format("cpu{}: {}", cpu, symbols.describe(machine.cpu(cpu).pc())));
    add_callers(machine, cpu, symbols, out);
  }
  return out;
}

std::map<std::string, u64> named_counters(const platform::MachineCounters& m,
                                          const observe::Observer& observer) {
  const observe::ObserverCounters& o = observer.counters();
  std::map<std::string, u64> out = {
      {"machine.instructions", m.instructions},
      {"machine.cycles", m.cycles},
      {"machine.exceptions", m.exceptions},
      {"machine.interrupts", m.interrupts},
      {"machine.port_accesses", m.port_accesses},
      {"machine.mmio_accesses", m.mmio_accesses},
      {"machine.unmodelled", m.unmodelled},
      {"machine.quanta", m.quanta},
      {"machine.single_steps", m.single_steps},
      {"machine.syscalls", m.syscalls},
      {"machine.irets", m.irets},
      {"mmu.accesses", m.mmu.accesses},
      {"mmu.l1_hits", m.mmu.l1_hits},
      {"mmu.l2_hits", m.mmu.l2_hits},
      {"mmu.misses", m.mmu.misses},
      {"mmu.walks", m.mmu.walks},
      {"mmu.walk_reads", m.mmu.walk_reads},
      {"mmu.walk_cache_hits", m.mmu.walk_cache_hits},
      {"mmu.ad_updates", m.mmu.ad_updates},
      {"mmu.faults", m.mmu.faults},
      {"mmu.flush_all", m.mmu.flush_all},
      {"mmu.flush_nonglobal", m.mmu.flush_nonglobal},
      {"mmu.flush_page", m.mmu.flush_page},
      {"observer.taps", o.taps},
      {"observer.owner_changes", o.owner_changes},
      {"observer.type_changes", o.type_changes},
      {"observer.m2p_changes", o.m2p_changes},
      {"observer.p2m_changes", o.p2m_changes},
      {"observer.stores_outside", o.stores_outside},
      {"observer.operations", o.operations},
      {"observer.switches", o.switches},
      {"observer.events_sent", o.events_sent},
      {"observer.bounces", o.bounces},
      {"observer.tlb_flushes", o.tlb_flushes},
      {"observer.page_faults", o.page_faults},
      {"observer.trace_events", o.trace_events},
  };
  for (std::size_t cpu = 0; cpu < m.instructions_per_cpu.size(); ++cpu)
    out[fmt::format("cpu{}.instructions", cpu)] = m.instructions_per_cpu[cpu];
  for (const auto& [name, count] : observer.operation_counts()) out["hypercall." + name] = count;
  return out;
}

}  // namespace xs::scenario
