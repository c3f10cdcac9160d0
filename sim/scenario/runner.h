// Runs one scenario on a target: boots, waits for dom0's prompt, performs the steps, ends at the first that
// does not pass, or at once when the hypervisor panics, a domain crashes, or a limit is reached.
//
//     boot ──prompt──> step 0 ──> step 1 ──> ... ──> result
//       └──────────────── RunEnd (crash, timeout, interrupt, failure) ──┘
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <set>

#include "sim/scenario/operator_channel.h"
#include "sim/scenario/result.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/target.h"

namespace xs::scenario {

class Progress {
 public:
  virtual ~Progress() = default;
  virtual void step_begins(std::size_t index, std::size_t total, const std::string& name) = 0;
  virtual void step_ends(const StepResult& step) = 0;
};

class Runner : private TargetListener {
 public:
  /// `interrupted` becomes non-zero when the user wants to stop (signal handler); may be null.
  Runner(const Scenario& scenario, Target& target, Progress* progress = nullptr,
         const std::atomic<int>* interrupted = nullptr);
  RunResult run();

 private:
  struct RunEnd {
    int code;
    std::string message;
  };
  using Condition = std::function<bool()>;

  void boot();
  void tell_guide(const Guide& guide);
  void perform(const Step& step, std::size_t index);
  void perform_action(const Step& step, StepResult& result);
  void command(const Command& c, const std::string& status, StepResult& result);
  void await_prompt();
  void type_and_await(const std::string& line, StepResult& result);
  void shut_down_host(const Command& c, StepResult& result);
  void note_created(const std::string& name);
  void wait(const Wait& w, StepResult& result);
  void wait_memory(const WaitMemory& m, u64 deadline, StepResult& result);
  void fault(const Fault& f, const std::optional<std::string>& status, StepResult& result);
  void expect(const Expect& e, StepResult& result);
  void check_invariants(StepResult& result);
  void obey_on_crash(StepResult& result);
  void finish_step(StepResult& result);
  void collect();

  bool advance(u64 deadline_ps, const Condition& condition, u64 slice_ps = 10 * ps_per_ms);
  void stopped(platform::StopReason reason);
  void check_limits();
  void type_for_user();
  [[noreturn]] void end_fatal();
  void add_printed_backtrace();
  std::string kernel_of(u32 domid) const;
  void note_fatal(const std::string& what);
  void note_violation(const std::string& text);

  void on_serial(std::string_view bytes, u64 time_ps) override;
  void on_operator(std::string_view bytes, u64 time_ps) override;
  void on_event(const Event& event) override;
  void add_line(ConsoleLine line);
  void watch_line(const ConsoleLine& line);
  void reconsider();

  bool matches_event(const EventPattern& p, const Event& e) const;
  std::string console_of(const std::string& source) const;
  std::optional<u32> domid_of(const std::string& name) const;
  void domain_crashed(u32 domid, std::string reason);
  double memory_mib(const std::string& name);
  std::vector<std::string> judge(const Expectation& e) const;

  const Scenario& scenario_;
  Target& target_;
  Progress* progress_;
  const std::atomic<int>* interrupted_;
  ConsoleLog log_;
  LineCutter serial_;
  OperatorChannel operator_;
  std::vector<Event> events_;
  std::map<std::string, std::size_t> event_cursor_;  ///< by domain: behind the last event a wait has matched
  std::map<std::string, std::size_t> text_cursor_;   ///< per console: behind the last match
  std::map<std::string, u32> domids_;                ///< newest domain of that name
  u32 next_domid_ = 1;                               ///< when nothing is observed
  std::string creating_;                             ///< domain of the create command being answered
  u64 noises_ = 0;                                   ///< lines of noise typed so far
  std::set<u32> crashed_;                            ///< domains whose crash has been noticed
  std::vector<std::string> to_destroy_;              ///< crashed, on_crash=destroy
  Condition condition_;
  u64 heard_ps_ = 0;       ///< when the serial line last carried a byte
  std::string fatal_;      ///< set by sinks; ends the run
  bool violated_ = false;  ///< a monitor has fired: the step ends
  bool exited_ = false, host_shutting_down_ = false, booted_ = false;
  bool idle_ = false;  ///< the machine sleeps; time alone will not wake it
  std::chrono::steady_clock::time_point started_;
  RunResult result_;
};

}  // namespace xs::scenario
