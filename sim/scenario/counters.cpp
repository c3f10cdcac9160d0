#include "sim/scenario/counters.h"

#include <fmt/format.h>

#include "sim/scenario/counter_names.h"

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

std::map<std::string, u64> named_counters(const platform::MachineCounters& machine,
                                          const observe::Observer& observer) {
  std::map<std::string, u64> out = machine_counters(machine, observer.counters());
  for (const auto& [name, count] : observer.operation_counts()) out["hypercall." + name] = count;
  return out;
}

}  // namespace xs::scenario
