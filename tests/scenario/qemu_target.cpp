#include "tests/scenario/qemu_target.h"

#include <chrono>
#include <optional>

#include "sim/platform/network/address.h"
#include "sim/scenario/boot_plan.h"
#include "sim/scenario/machine_target.h"
#include "tests/support/qemu_microvm.h"

namespace xs::scenario {
namespace {

using test::QemuMicrovm;
using Clock = std::chrono::steady_clock;

class QemuTarget : public Target {
 public:
  QemuTarget(const Scenario& scenario, std::string work_directory)
      : scenario_(scenario), work_directory_(std::move(work_directory)) {}

  void start(TargetListener& listener) override {
    listener_ = &listener;
    const platform::MachineConfig config = machine_config(scenario_, "x86_64");
    const BootPlan plan = boot_plan(scenario_, "x86_64");
    test::QemuOptions options;
    options.kernel = plan.hypervisor;
    options.cmdline = plan.cmdline;
    options.module = plan.dom0_kernel;
    options.disk = work_directory_ + "/dom0-disk.tar";
    options.consoles = 1;
    options.cpus = config.cpus;
    options.memory_mib = static_cast<unsigned>(config.memory_mib);
    write_disk_image(options.disk, plan.disk);
    if (scenario_.dom0.disk_mib) {
      options.data_disk = work_directory_ + "/dom0-data.img";
      make_disk(options.data_disk, scenario_.dom0.disk_mib);
    }
    if (config.network && config.network->station)
      options.network_host = platform::ipv4_text(config.network->station->address);
    qemu_.emplace(options);
    started_ = Clock::now();
  }

  void type_operator(std::string_view bytes) override { qemu_->type(operator_console, bytes); }

  platform::StopReason run_until(u64 deadline_ps) override {
    paused_ = false;
    while (!paused_ && now_ps() < deadline_ps) {
      const auto before = Clock::now();
      // No text holds a NUL byte followed by this: the call only lets QEMU run for a moment.
      const bool found = qemu_->wait_for(QemuMicrovm::serial, std::string_view("\0never", 6), moment);
      const bool ended = !found && Clock::now() - before < moment / 2;
      hand_over();
      if (ended && ended_ == false) finish();
      if (ended_) return platform::StopReason::exited;
    }
    return paused_ ? platform::StopReason::paused : platform::StopReason::deadline;
  }

  void pause() override { paused_ = true; }
  u64 now_ps() const override {
    if (!qemu_ && !ended_) return 0;
    return static_cast<u64>(
               std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - started_).count()) *
           1000;
  }
  u32 exit_value() const override { return exit_value_; }
  void send_from_station(const StationStream&) override {
    throw Error("QEMU's network sends nothing by itself", ExitCode::skip);
  }
  void fail_disk_reads(u64) override { throw Error("QEMU's disk cannot be made to fail", ExitCode::skip); }
  std::map<std::string, u64> counters() const override { return {}; }
  u64 execution_hash() const override { return 0; }
  std::vector<std::string> where() const override { return {}; }
  std::string annotate(const std::string& line, const std::string&) const override { return line; }
  Observation* observation() override { return nullptr; }

 private:
  static constexpr unsigned operator_console = 0;
  static constexpr QemuMicrovm::Seconds moment{0.01};

  /// What came since the last time.
  void hand_over() {
    const auto news = [](const std::string& text, std::size_t& seen) {
      const std::string_view out = std::string_view(text).substr(seen);
      seen = text.size();
      return std::string(out);
    };
    if (const std::string s = news(qemu_->text(QemuMicrovm::serial), serial_seen_); !s.empty())
      listener_->on_serial(s, now_ps());
    if (const std::string s = news(qemu_->text(operator_console), operator_seen_); !s.empty())
      listener_->on_operator(s, now_ps());
  }

  void finish() {
    ended_ = true;
    const test::QemuResult result = qemu_->finish(QemuMicrovm::Seconds(2));
    exit_value_ = result.exit_value.value_or(~0u);
  }

  const Scenario& scenario_;
  std::string work_directory_;
  TargetListener* listener_ = nullptr;
  std::optional<QemuMicrovm> qemu_;
  Clock::time_point started_;
  std::size_t serial_seen_ = 0, operator_seen_ = 0;
  bool paused_ = false, ended_ = false;
  u32 exit_value_ = 0;
};

}  // namespace

std::unique_ptr<Target> make_qemu_target(const Scenario& scenario, const std::string& work_directory) {
  return std::make_unique<QemuTarget>(scenario, work_directory);
}

}  // namespace xs::scenario
