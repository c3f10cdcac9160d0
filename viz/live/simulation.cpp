#include "viz/live/simulation.h"

#include <fmt/format.h>

#include <future>
#include <thread>

#include "sim/scenario/machine_target.h"
#include "sim/scenario/relay_target.h"
#include "sim/scenario/runner.h"
#include "viz/live/dirty_look.h"
#include "viz/live/gate.h"
#include "viz/live/look.h"

namespace xs::viz {
namespace {

using scenario::MachineTarget;

/// The runner's machine, with the gate in its way.
class GatedTarget : public scenario::RelayTarget, private CpuDebugger {
 public:
  GatedTarget(MachineTarget& target, Gate& gate, std::promise<void>& begun)
      : RelayTarget(target), target_(target), gate_(gate), begun_(begun) {}

  void start(scenario::TargetListener& listener) override;
  platform::StopReason run_until(u64 deadline_ps) override;

  std::string take_user_line() override { return gate_.take_line(); }
  void ended(int exit_code) override {
    ++stands_;
    RelayTarget::ended(exit_code);
  }

 private:
  bool wants_stop(unsigned) override { return gate_.breathe(target_.now_ps()); }
  void on_stop(unsigned cpu, const DebugStop& stop) override;
  void on_event(const observe::EventHead& head, const observe::EventFields& fields);
  MachineImage look(const ImageWish& wish, bool still);
  bool hold(const std::string& why) { return ++stands_, gate_.hold(why); }

  MachineTarget& target_;
  Gate& gate_;
  std::promise<void>& begun_;
  DirtyLook dirty_;
  u64 stands_ = 0;  ///< times that the machine has stood still
};

void GatedTarget::start(scenario::TargetListener& listener) {
  target_.start(listener);
  target_.machine().set_debugger(this);
  target_.observer().watch_events(
      [this](const observe::EventHead& head, const observe::EventFields& fields) { on_event(head, fields); });
  gate_.serve([this](const ImageWish& wish, bool still) { return look(wish, still); },
              [this] { target_.observer().flush_trace(); });
  target_.observer().flush_trace();
  begun_.set_value();
}

// All of memory is looked at only while nobody waits for the machine to go on.
MachineImage GatedTarget::look(const ImageWish& wish, bool still) {
  platform::Machine& machine = target_.machine();
  MachineImage image = look_at(machine, target_.observer(), target_.vcpus(), wish);
  if (wish.dirty)
    image.dirty = still ? dirty_.look(machine.memory(), *wish.dirty, stands_, image.time_ps) : dirty_.last();
  return image;
}

// Between two runs no core is inside an instruction: a good place for what is not tied to one.
platform::StopReason GatedTarget::run_until(u64 deadline_ps) {
  if (gate_.breathe(now_ps()) && hold("paused")) target_.machine().control(0).request_step(true);
  return target_.run_until(deadline_ps);
}

void GatedTarget::on_stop(unsigned cpu, const DebugStop& stop) {
  CpuControl& control = target_.machine().control(cpu);
  control.request_step(false);
  const char* why = stop.why == DebugStop::Why::step ? "one instruction further" : "paused";
  if (hold(fmt::format("{}, CPU {}", why, cpu))) control.request_step(true);
}

void GatedTarget::on_event(const observe::EventHead& head, const observe::EventFields& fields) {
  std::string why;
  if (gate_.ending() || !gate_.stops_at(head, fields, why)) return;
  if (hold(why)) gate_.step(RunStep::instruction);
}

}  // namespace

struct Simulation::Impl {
  scenario::Scenario scenario;
  SimulationOptions options;
  Gate gate;
  std::atomic<int> interrupted{0};
  scenario::RunResult result;
  std::promise<void> begun, done;
  std::future<void> is_done = done.get_future();
  std::thread thread;

  void run();
  void work();
};

void Simulation::Impl::run() {
  const auto machine =
      scenario::make_machine_target(scenario, {options.arch, options.trace_file, options.work_directory, {}});
  GatedTarget target(*machine, gate, begun);
  result = scenario::Runner(scenario, target, nullptr, &interrupted).run();
  result.arch = options.arch;
  gate.look_last();
}

void Simulation::Impl::work() {
  try {
    run();
  } catch (const Error& e) {
    result.exit_code = static_cast<int>(e.code()), result.message = e.what();
  } catch (const std::exception& e) {
    result.exit_code = static_cast<int>(ExitCode::error), result.message = e.what();
  }
  gate.ended(result.message, result.exit_code);
  try {  // the runner answers for its machine's errors: whoever waits for the beginning learns them here
    begun.set_exception(
        std::make_exception_ptr(Error(result.message, static_cast<ExitCode>(result.exit_code))));
  } catch (const std::future_error&) {  // it had begun: status() tells
  }
  done.set_value();
}

Simulation::Simulation(scenario::Scenario scenario, const SimulationOptions& options)
    : impl_(std::make_unique<Impl>()) {
  impl_->scenario = std::move(scenario);
  constexpr u64 patient_s = u64{1} << 32;
  if (options.patient) impl_->scenario.limits.wall_s = patient_s;
  impl_->options = options;
  if (options.paused) impl_->gate.pause();
  impl_->gate.set_breakpoints(options.breakpoints);
  auto begun = impl_->begun.get_future();
  impl_->thread = std::thread([this] { impl_->work(); });
  try {
    begun.get();
  } catch (...) {
    impl_->thread.join();
    throw;
  }
}

Simulation::~Simulation() {
  impl_->interrupted = 1;
  impl_->gate.end();
  if (impl_->thread.joinable()) impl_->thread.join();
}

RunStatus Simulation::status() const { return impl_->gate.status(); }
void Simulation::pause() { impl_->gate.pause(); }
void Simulation::run(double speed) { impl_->gate.run(speed); }
void Simulation::step(RunStep what) { impl_->gate.step(what); }
void Simulation::set_breakpoints(std::vector<Breakpoint> breakpoints) {
  impl_->gate.set_breakpoints(std::move(breakpoints));
}
void Simulation::type(const std::string& line) { impl_->gate.type(line); }
void Simulation::wish(const ImageWish& wish) { impl_->gate.wish(wish); }
void Simulation::keep_image() { impl_->gate.keep_image(); }
MachineImage Simulation::image() const { return impl_->gate.image(); }

bool Simulation::wait(double seconds) {
  return impl_->is_done.wait_for(std::chrono::duration<double>(seconds)) == std::future_status::ready;
}
const scenario::RunResult& Simulation::result() const { return impl_->result; }

}  // namespace xs::viz
