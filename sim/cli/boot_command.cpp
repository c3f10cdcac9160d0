// `boot`: a kernel on the bare machine, its serial line on stdout.
#include <fmt/format.h>

#include <optional>

#include "sim/cli/commands.h"
#include "sim/cli/gdb_options.h"
#include "sim/cli/interrupt.h"
#include "sim/cli/output.h"
#include "sim/observe/observer.h"
#include "sim/platform/machine.h"
#include "sim/scenario/console_log.h"
#include "sim/scenario/counters.h"
#include "sim/scenario/image_name.h"
#include "sim/scenario/json_source.h"
#include "sim/scenario/machine_debug.h"
#include "sim/scenario/result.h"
#include "sim/scenario/scenario.h"

namespace xs::cli {
namespace {

using platform::StopReason;
using scenario::ps_per_ms;
using scenario::ps_per_s;

struct BootOptions {
  std::string kernel, append, disk, machine, trace, arch;
  std::vector<std::string> modules;
  std::optional<unsigned> cpus;
  std::optional<u64> memory_mib;
  double timeout_s = 60;
  bool counters = false, registers = false;
  GdbOptions gdb;
};

/// A panicking hypervisor prints for well below this long, simulated, before it powers off or halts.
constexpr u64 last_words_ps = 20 * ps_per_ms;
/// What the hypervisor writes to the exit port when it panics (docs/architecture.md).
constexpr u32 panic_exit_value = 2;

class SerialToStdout : public ConsoleSink {
 public:
  void on_output(std::string_view bytes, u64 time_ps) override {
    if (!failure.empty()) return;
    try {
      print(bytes);
    } catch (const Error& e) {  // must not unwind the simulation kernel's threads
      failure = e.what();
      machine->pause();
      return;
    }
    lines_.feed(bytes, time_ps);
  }
  platform::Machine* machine = nullptr;
  std::string failure;                     ///< standard output takes no more
  std::vector<std::string> raw_backtrace;  ///< lines printed with "[<address>]"

 private:
  scenario::LineCutter lines_{[this](const std::string& line, u64) {
    if (line.find("[<") != std::string::npos) raw_backtrace.push_back(line);
  }};
};

class Events : public observe::Listener {
 public:
  void on_unmodelled(const std::string& text) override {
    std::fprintf(stderr, "xenoscope: not modelled: %s\n", text.c_str());
  }
  void on_dma_refused(const std::string& text) override {
    std::fprintf(stderr, "xenoscope: %s\n", text.c_str());
  }
  void on_panic(unsigned) override {
    if (!panicked_at_ps) panicked_at_ps = machine->now_ps();
  }
  platform::Machine* machine = nullptr;
  std::optional<u64> panicked_at_ps;
};

platform::MachineConfig config_of(const BootOptions& o) {
  const std::string arch = o.arch.empty() ? platform::arch_of_image(o.kernel) : o.arch;
  platform::MachineConfig config = platform::default_machine(arch);
  if (!o.machine.empty()) {
    // Read with positions first: syntax errors then name line and column.
    const auto source = scenario::JsonSource::read(o.machine);
    config = platform::parse_machine_json(source.dom().dump(), o.machine, arch);
    if (config.arch != arch)
      throw Error(
          fmt::format("{}: machine.arch: \"{}\", but {} is for {}", o.machine, config.arch, o.kernel, arch));
  }
  if (o.cpus) config.cpus = *o.cpus;
  if (o.memory_mib) config.memory_mib = *o.memory_mib;
  return config;
}

observe::ObserverOptions watch_of(const BootOptions& o, const platform::MachineConfig& machine) {
  observe::ObserverOptions watch;
  watch.cpus = machine.cpus;
  watch.architecture = machine.arch;
  watch.trace_file = o.trace;
  // A hypervisor publishes its taps and layout; any other kernel only gives its symbols.
  const observe::Image image(o.kernel);
  if (image.layout() && !image.taps().empty())
    watch.hypervisor = o.kernel;
  else
    watch.guests.push_back(o.kernel);
  return watch;
}

/// One boot, from the first instruction to an exit code.
class BareRun {
 public:
  BareRun(const BootOptions& o, const platform::MachineConfig& config, observe::Observer& observer)
      : options_(o), observer_(observer), machine_(config, &observer) {
    serial_.machine = events_.machine = &machine_;
    observer_.set_listener(&events_);
    observer_.attach(machine_.memory());
    machine_.watch_dma(&observer_);
    machine_.set_serial_sink(&serial_);
    if (!o.disk.empty()) machine_.attach_disk(o.disk, true);
    if (config.network) machine_.attach_network();
    machine_.load({o.kernel, o.append, o.modules});
    if (o.gdb.given()) {
      std::vector<std::string> images = {o.kernel};
      images.insert(images.end(), o.modules.begin(), o.modules.end());
      debug_.emplace(o.gdb.debug_options(), machine_, observer, std::move(images));
    }
  }
  ~BareRun() { observer_.set_listener(nullptr); }
  int run();
  const platform::Machine& machine() const { return machine_; }

 private:
  int run_to_end();
  int explain(const std::string& what, int code) const;
  int ended(StopReason reason) const;
  void print_registers() const;

  const BootOptions& options_;
  observe::Observer& observer_;
  SerialToStdout serial_;
  Events events_;
  platform::Machine machine_;
  std::optional<scenario::MachineDebug> debug_;
};

int BareRun::run() {
  if (debug_) debug_->start();
  const int code = run_to_end();
  if (options_.registers) print_registers();
  if (debug_) debug_->ended(code);
  return code;
}

int BareRun::explain(const std::string& what, int code) const {
  std::fprintf(stderr, "xenoscope: %s at %.3f ms\n", what.c_str(),
               static_cast<double>(machine_.now_ps()) / 1e9);
  for (const std::string& line : machine_.stop_place()) std::fprintf(stderr, "  %s\n", line.c_str());
  for (const std::string& line : scenario::backtraces(machine_, observer_))
    std::fprintf(stderr, "  %s\n", line.c_str());
  if (!serial_.raw_backtrace.empty()) std::fprintf(stderr, "xenoscope: backtraces printed by the kernel\n");
  for (const std::string& line : serial_.raw_backtrace)
    std::fprintf(stderr, "  %s\n", observer_.symbols().annotate_backtrace(line).c_str());
  return code;
}

void BareRun::print_registers() const {
  for (unsigned cpu = 0; cpu < machine_.cpus(); ++cpu) {
    std::fprintf(stderr, "registers of cpu%u\n", cpu);
    for (const std::string& line : machine_.registers(cpu)) std::fprintf(stderr, "  %s\n", line.c_str());
  }
}

int BareRun::ended(StopReason reason) const {
  const u32 value = machine_.exit_value();
  const std::string by_value = fmt::format("the kernel exited with value {}", value);
  switch (reason) {
    case StopReason::exited:
      if (events_.panicked_at_ps && value == panic_exit_value)
        return explain("hypervisor panic", int(ExitCode::crash));
      return value == 0 ? 0 : explain(by_value, int(ExitCode::failure));
    case StopReason::reset:
      return explain("the kernel reset the machine", int(ExitCode::crash));
    case StopReason::triple_fault:
      return explain("triple fault", int(ExitCode::crash));
    case StopReason::stuck:
      return explain(machine_.stop_text(), int(ExitCode::crash));
    default:
      return explain("every core is halted for ever", int(ExitCode::crash));
  }
}

int BareRun::run_to_end() {
  const u64 deadline = static_cast<u64>(options_.timeout_s * static_cast<double>(ps_per_s));
  for (;;) {
    if (!serial_.failure.empty()) throw Error(serial_.failure);
    if (interrupt_flag().load()) return explain("interrupted", scenario::exit_interrupted);
    if (debug_) debug_->poll();
    const u64 now = machine_.now_ps();
    if (events_.panicked_at_ps && now >= *events_.panicked_at_ps + last_words_ps)
      return explain("hypervisor panic", int(ExitCode::crash));
    if (now >= deadline)
      return explain(fmt::format("simulated time limit of {} s reached", options_.timeout_s),
                     int(ExitCode::timeout));
    const u64 slice = std::min(deadline, (now / (10 * ps_per_ms) + 1) * 10 * ps_per_ms);
    const StopReason reason = machine_.run_until(slice);
    if (reason == StopReason::paused || reason == StopReason::deadline) continue;
    if (!serial_.failure.empty()) throw Error(serial_.failure);
    return ended(reason);
  }
}

int boot(const BootOptions& o) {
  interrupt_flag();
  platform::MachineConfig config = config_of(o);
  observe::Observer observer(watch_of(o, config));
  config.taps = observer.taps();
  BareRun run(o, config, observer);
  const int code = run.run();
  observer.finish(run.machine().now_ps());
  if (!observer.trace_error().empty()) throw Error(observer.trace_error());
  if (o.counters)
    for (const auto& [name, value] : scenario::named_counters(run.machine(), observer))
      std::fprintf(stderr, "%-40s %16llu\n", name.c_str(), static_cast<unsigned long long>(value));
  if (o.counters)
    std::fprintf(stderr, "%-40s %016llx\n%-40s %016llx\n", "execution hash",
                 static_cast<unsigned long long>(run.machine().execution_hash()), "trace hash",
                 static_cast<unsigned long long>(observer.trace_hash()));
  return code;
}

}  // namespace

void add_boot(CLI::App& app, Action& action) {
  auto o = std::make_shared<BootOptions>();
  CLI::App* c = app.add_subcommand("boot", "Boot a kernel on the bare machine; its serial line is stdout");
  c->add_option("kernel", o->kernel, "ELF file: with a PVH entry note, or static for IA-64")->required();
  c->add_option("--arch", o->arch, "Architecture of the machine; by default the file's")
      ->check(CLI::IsMember({"x86_64", "ia64"}));
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
  c->add_flag("--registers", o->registers, "Print the registers of every core to stderr at the end");
  add_gdb_options(*c, o->gdb);
  const std::string images = scenario::image_directory() + "/x86_64/";
  c->footer(
      "Exit codes: 0 the kernel exited with 0, 5 with another value, 6 crash (panic, triple fault, reset, "
      "every\n"
      "core halted for ever; an IA-64 program that loops on a fault, runs where no memory is, or calls\n"
      "what firmware does not serve), 124 timeout.\n"
      "Example: xenoscope boot " +
      images + "hypervisor.elf --module " + images + "kernel.elf");
  c->callback([o, &action] { action = [o] { return boot(*o); }; });
}

}  // namespace xs::cli
