// `boot`: a kernel on the bare machine, its serial line on stdout.
#include <fmt/format.h>

#include <optional>

#include "sim/cli/commands.h"
#include "sim/cli/interrupt.h"
#include "sim/cli/output.h"
#include "sim/observe/observer.h"
#include "sim/platform/machine.h"
#include "sim/scenario/counters.h"
#include "sim/scenario/json_source.h"
#include "sim/scenario/result.h"
#include "sim/scenario/scenario.h"

namespace xs::cli {
namespace {

using platform::StopReason;
using scenario::ps_per_ms;
using scenario::ps_per_s;

struct BootOptions {
  std::string kernel, append, disk, machine, trace;
  std::vector<std::string> modules;
  std::optional<unsigned> cpus;
  std::optional<u64> memory_mib;
  double timeout_s = 60;
  bool counters = false;
};

class SerialToStdout : public ConsoleSink {
 public:
  void on_output(std::string_view bytes, u64) override { print(bytes); }
};

class UnmodelledToStderr : public observe::Listener {
 public:
  void on_unmodelled(const std::string& text) override {
    std::fprintf(stderr, "xenoscope: not modelled: %s\n", text.c_str());
  }
};

platform::MachineConfig config_of(const BootOptions& o) {
  platform::MachineConfig config;
  if (!o.machine.empty()) {
    // Read with positions first: syntax errors then name line and column.
    const auto source = scenario::JsonSource::read(o.machine);
    config = platform::parse_machine_json(source.dom().dump(), o.machine);
  }
  if (o.cpus) config.cpus = *o.cpus;
  if (o.memory_mib) config.memory_mib = *o.memory_mib;
  return config;
}

observe::ObserverOptions watch_of(const BootOptions& o, unsigned cpus) {
  observe::ObserverOptions watch;
  watch.cpus = cpus;
  watch.trace_file = o.trace;
  // A hypervisor publishes its taps and layout; any other kernel only gives its symbols.
  const observe::Image image(o.kernel);
  if (image.layout() && !image.taps().empty())
    watch.hypervisor = o.kernel;
  else
    watch.guests.push_back(o.kernel);
  return watch;
}

int explain(const platform::Machine& machine, const observe::Observer& observer, const std::string& what,
            int code) {
  std::fprintf(stderr, "xenoscope: %s at %.3f ms\n", what.c_str(),
               static_cast<double>(machine.now_ps()) / 1e9);
  for (const std::string& line : scenario::backtraces(machine, observer.symbols()))
    std::fprintf(stderr, "  %s\n", line.c_str());
  return code;
}

int run_to_end(platform::Machine& machine, const observe::Observer& observer, double timeout_s) {
  const u64 deadline = static_cast<u64>(timeout_s * static_cast<double>(ps_per_s));
  for (;;) {
    if (interrupt_flag().load()) return explain(machine, observer, "interrupted", scenario::exit_interrupted);
    const u64 now = machine.now_ps();
    if (now >= deadline)
      return explain(machine, observer, fmt::format("simulated time limit of {} s reached", timeout_s),
                     int(ExitCode::timeout));
    const u64 slice = std::min(deadline, (now / (10 * ps_per_ms) + 1) * 10 * ps_per_ms);
    switch (machine.run_until(slice)) {
      case StopReason::paused:
      case StopReason::deadline:
        break;
      case StopReason::exited:
        if (machine.exit_value() == 0) return 0;
        return explain(machine, observer,
                       fmt::format("the kernel exited with value {}", machine.exit_value()),
                       int(ExitCode::failure));
      case StopReason::reset:
        return explain(machine, observer, "the kernel reset the machine", int(ExitCode::crash));
      case StopReason::triple_fault:
        return explain(machine, observer, "triple fault", int(ExitCode::crash));
      case StopReason::deadlock:
        return explain(machine, observer, "every core is halted for ever", int(ExitCode::crash));
    }
  }
}

int boot(const BootOptions& o) {
  interrupt_flag();
  platform::MachineConfig config = config_of(o);
  SerialToStdout serial;
  UnmodelledToStderr unmodelled;
  observe::Observer observer(watch_of(o, config.cpus));
  observer.set_listener(&unmodelled);
  config.taps = observer.taps();
  platform::Machine machine(config, &observer);
  observer.attach(machine.memory());
  machine.set_serial_sink(&serial);
  if (!o.disk.empty()) machine.attach_disk(o.disk, true);
  machine.load({o.kernel, o.append, o.modules});
  const int code = run_to_end(machine, observer, o.timeout_s);
  observer.finish(machine.now_ps());
  if (!observer.trace_error().empty()) throw Error(observer.trace_error());
  if (o.counters)
    for (const auto& [name, value] : scenario::named_counters(machine.counters(), observer))
      std::fprintf(stderr, "%-40s %16llu\n", name.c_str(), static_cast<unsigned long long>(value));
  return code;
}

}  // namespace

void add_boot(CLI::App& app, Action& action) {
  auto o = std::make_shared<BootOptions>();
  CLI::App* c = app.add_subcommand("boot", "Boot a kernel on the bare machine; its serial line is stdout");
  c->add_option("kernel", o->kernel, "ELF file with a PVH entry note")->required();
  c->add_option("--append", o->append, "Kernel command line")->type_name("TEXT");
  c->add_option("--module", o->modules, "Boot module (may be repeated)")->type_name("FILE");
  c->add_option("--cpus", o->cpus, "Number of cores")->check(CLI::Range(1u, 4u));
  c->add_option("--memory", o->memory_mib, "Memory, MiB")->check(CLI::Range(u64{16}, u64{1} << 18));
  c->add_option("--disk", o->disk, "Read-only disk (virtio block)")->type_name("FILE");
  c->add_option("--machine", o->machine, "Machine description (docs/machine.md)")->type_name("FILE");
  c->add_option("--timeout", o->timeout_s, "Simulated seconds")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  c->add_option("--trace", o->trace, "Write the native trace")->type_name("FILE");
  c->add_flag("--counters", o->counters, "Print counters to stderr at the end");
  c->footer(
      "Example: xenoscope boot build/images/x86_64/hypervisor.elf --module build/images/x86_64/kernel.elf");
  c->callback([o, &action] { action = [o] { return boot(*o); }; });
}

}  // namespace xs::cli
