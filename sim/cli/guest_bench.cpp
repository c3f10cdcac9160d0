#include "sim/cli/guest_bench.h"

#include <fmt/format.h>

#include "sim/cli/interrupt.h"
#include "sim/cli/work_directory.h"
#include "sim/observe/names.h"
#include "sim/observe/observer.h"
#include "sim/scenario/image_name.h"
#include "sim/scenario/machine_target.h"
#include "sim/scenario/relay_target.h"
#include "sim/scenario/runner.h"

namespace xs::cli {
namespace {

using namespace xs::scenario;
using report::BenchLines;
using report::GuestFigures;

constexpr u64 memory_mib = 64;  // whatever the role is
constexpr unsigned dom0_entered = 3;

/// The machine's serial line and what the observer tells, read on their way to the runner.
class CountingTarget : public scenario::RelayTarget, private TargetListener {
 public:
  explicit CountingTarget(Target& target) : RelayTarget(target) {}
  /// Whose boot is measured: a domain's, or dom0's.
  void watch(bool dom0) { dom0_ = dom0; }
  GuestFigures figures() const { return lines_.figures(); }

  void start(TargetListener& listener) override {
    listener_ = &listener;
    RelayTarget::start(*this);
  }

 private:
  void on_serial(std::string_view bytes, u64 time_ps) override {
    cutter_.feed(bytes, time_ps);
    listener_->on_serial(bytes, time_ps);
  }
  void on_operator(std::string_view bytes, u64 time_ps) override { listener_->on_operator(bytes, time_ps); }
  void on_event(const Event& e) override {
    if (dom0_ ? e.kind == "boot" && e.state == observe::boot_step_name(dom0_entered)
              : e.kind == "domain-ready" && e.domid != 0)
      lines_.kernel_begins();
    listener_->on_event(e);
  }
  BenchLines::Reading read() const {
    const auto all = counters();
    return {all.at("machine.instructions"), all.at("machine.cycles")};
  }

  TargetListener* listener_ = nullptr;
  bool dom0_ = false;
  BenchLines lines_{[this] { return read(); }};
  LineCutter cutter_{[this](const std::string& line, u64) { lines_.line(line); }};
};

Json scenario_of(const GuestBench& what) {
  const std::string script = fmt::format("programs=none do='bench {}'", what.rounds);
  Json s = {{"name", "bench"},
            {"dom0", {{"memory", memory_mib}}},
            {"limits", {{"simulated_s", 60}, {"wall_s", 300}}},
            {"steps", Json::array()}};
  if (what.role == "dom0") {
    s["dom0"]["cmdline"] = script;
    s["dom0"]["model"] = what.model;
  } else {
    s["domains"] =
        Json::array({{{"name", "guest"}, {"memory", memory_mib}, {"model", what.model}, {"extra", script}}});
    s["steps"].push_back({{"create", "guest"}});
    s["steps"].push_back({{"wait", {{"console", "guest"}, {"text", "bench done"}, {"within_s", 30}}}});
  }
  s["steps"].push_back({{"shutdown-host", Json::object()}});
  return s;
}

GuestFigures run_domain(const GuestBench& what) {
  const Scenario s = load_scenario(JsonSource::parse("bench", scenario_of(what).dump()), {}, what.arch);
  const WorkDirectory work;
  const std::unique_ptr<Target> machine = make_machine_target(s, {what.arch, "", work.path(), {}});
  CountingTarget target(*machine);
  target.watch(what.role == "dom0");
  const RunResult result = Runner(s, target, nullptr, &interrupt_flag()).run();
  if (result.exit_code) throw Error(result.message, static_cast<ExitCode>(result.exit_code));
  return target.figures();
}

class Serial : public ConsoleSink {
 public:
  explicit Serial(BenchLines& lines) : lines_(lines) {}
  void on_output(std::string_view bytes, u64 time_ps) override { cutter_.feed(bytes, time_ps); }

 private:
  BenchLines& lines_;
  LineCutter cutter_{[this](const std::string& line, u64) { lines_.line(line); }};
};

GuestFigures run_native(const GuestBench& what) {
  const std::string kernel = image_path("kernel", what.arch);
  observe::ObserverOptions watch;
  watch.guests.push_back(kernel);
  watch.architecture = what.arch;
  observe::Observer observer(watch);
  platform::MachineConfig config = platform::default_machine(what.arch);
  config.memory_mib = memory_mib;
  config.taps = observer.taps();
  platform::Machine machine(config, &observer);
  observer.attach(machine.memory());
  BenchLines lines([&]() -> BenchLines::Reading {
    const platform::MachineCounters c = machine.counters();
    return {c.instructions, c.cycles};
  });
  Serial serial(lines);
  machine.set_serial_sink(&serial);
  machine.load({kernel, fmt::format("programs=none do='bench {}; shutdown-host'", what.rounds), {}});
  const platform::StopReason end = machine.run_until(60 * ps_per_s);
  if (end != platform::StopReason::exited || machine.exit_value() != 0)
    throw Error("the kernel on the bare machine did not come to its end", ExitCode::crash);
  return lines.figures();
}

}  // namespace

report::GuestFigures run_guest_bench(const GuestBench& what) {
  return what.role == "native" ? run_native(what) : run_domain(what);
}

}  // namespace xs::cli
