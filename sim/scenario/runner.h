// Runs one scenario: boots its hosts, waits for each dom0's prompt, performs the steps, ends at the first
// that does not pass, or at once when a hypervisor panics, a domain crashes, or a limit is reached.
//
//     boot ──prompts──> step 0 ──> step 1 ──> ... ──> result
//       └──────────────── RunEnd (crash, timeout, interrupt, failure) ──┘
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

#include "sim/scenario/host_run.h"

namespace xs::scenario {

class Progress {
 public:
  virtual ~Progress() = default;
  virtual void step_begins(std::size_t index, std::size_t total, const std::string& name) = 0;
  virtual void step_ends(const StepResult& step) = 0;
};

class Runner : private HostRun::Owner {
 public:
  /// `targets`: the scenario's hosts, of one simulation. `interrupted` becomes non-zero when the user wants
  /// to stop (signal handler); may be null.
  Runner(const Scenario& scenario, const std::vector<Target*>& targets, Progress* progress = nullptr,
         const std::atomic<int>* interrupted = nullptr);
  RunResult run();

 private:
  struct RunEnd {
    int code;
    std::string message;
  };
  using Condition = std::function<bool()>;

  void boot();
  StepResult& begin_step(const Step& step, std::size_t index);
  void tell_guide(const Guide& guide);
  void perform(const Step& step, std::size_t index);
  void perform_action(const Step& step, HostRun& host, StepResult& result);
  void command(HostRun& host, const Command& c, const std::string& status, StepResult& result);
  void await_prompt(HostRun& host);
  void type_and_await(HostRun& host, const std::string& line, StepResult& result);
  void shut_down_host(HostRun& host, const Command& c, StepResult& result);
  void wait(HostRun& host, const Wait& w, StepResult& result);
  void wait_memory(HostRun& host, const WaitMemory& m, u64 deadline, StepResult& result);
  void fault(HostRun& host, const Fault& f, const std::optional<std::string>& status, StepResult& result);
  void fault_typed(HostRun& host, const Fault& f, std::string wanted, StepResult& result);
  void expect(const Expect& e, StepResult& result);
  double memory_mib(HostRun& host, const std::string& domain);
  void check_invariants(HostRun& host, StepResult& result);
  void obey_on_crash(HostRun& host, StepResult& result);
  void note_state(StepResult& result);
  void finish_step(StepResult& result);
  void collect();
  void collect_host(std::size_t index);

  bool advance(u64 deadline_ps, const Condition& condition, u64 slice_ps = 10 * ps_per_ms);
  void look_at_hosts();
  void stopped(platform::StopReason reason);
  void check_limits();
  void type_for_user();
  [[noreturn]] void end_fatal(HostRun& host);

  void changed() override;
  void stop() override;

  u64 now_ps() const;
  platform::StopReason run_until(u64 deadline_ps) { return hosts_.front()->target().run_until(deadline_ps); }
  bool all_off() const;

  const Scenario& scenario_;
  Progress* progress_;
  const std::atomic<int>* interrupted_;
  ConsoleLog log_;
  RunResult result_;
  std::vector<std::unique_ptr<HostRun>> hosts_;  ///< as Scenario::hosts
  u64 noises_ = 0;                               ///< lines of noise typed so far
  Condition condition_;
  bool booted_ = false;
  bool idle_ = false;  ///< the machines sleep; time alone will not wake them
  std::chrono::steady_clock::time_point started_;
};

}  // namespace xs::scenario
