#include "sim/scenario/counters.h"

#include <fmt/format.h>

#include "sim/scenario/counter_names.h"

namespace xs::scenario {
namespace {

void add_callers(const platform::Machine& machine, unsigned cpu, const observe::Symbolizer& symbols,
                 std::vector<std::string>& out) {
  for (const u64 address : machine.callers(cpu)) {
    // A return address points behind the call: one less names the calling line.
    if (symbols.function(address - 1).empty()) return;
    out.push_back("      " + symbols.describe(address - 1));
  }
}

}  // namespace

std::vector<std::string> backtraces(const platform::Machine& machine, const observe::Observer& observer) {
  std::vector<std::string> out;
  for (unsigned cpu = 0; cpu < machine.cpus(); ++cpu) {
    const observe::Symbolizer symbols = observer.symbols_on(cpu);
    const u64 pc = machine.cpu(cpu).pc();
    out.push_back(fmt::format("cpu{}: {}", cpu,
                              symbols.covers(pc) ? symbols.describe(pc) : fmt::format("? ({:#x})", pc)));
    add_callers(machine, cpu, symbols, out);
  }
  return out;
}

std::map<std::string, u64> named_counters(const platform::Machine& machine,
                                          const observe::Observer& observer) {
  std::map<std::string, u64> out = machine_counters(machine.counters(), observer.counters());
  out.merge(observer.hypervisor_counters(machine.cpu(0)));
  for (const auto& [name, count] : observer.operation_counts()) out["hypercall." + name] = count;
  return out;
}

}  // namespace xs::scenario
