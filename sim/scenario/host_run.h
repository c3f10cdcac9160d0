// One host of a run: what it prints and does is heard here, its domains' names are known here, and what is
// expected of it is judged here. Time and steps are the Runner's.
//
//     Target ──bytes, events──> HostRun ──changed(), stop──> HostRun::Owner (the Runner)
#pragma once
#include <set>
#include <utility>

#include "sim/scenario/operator_channel.h"
#include "sim/scenario/result.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/target.h"

namespace xs::scenario {

class HostRun : private TargetListener {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    /// Something was said or happened: what is waited for may be there.
    virtual void changed() = 0;
    /// The run cannot go on as it is: fatal() or violations() say why.
    virtual void stop() = 0;
  };
  /// All of them outlive this. `log` is of all hosts.
  HostRun(const Scenario& scenario, const HostConfig& config, Target& target, ConsoleLog& log,
          HostResult& result, Owner& owner);

  void start() { target_.start(*this); }
  Target& target() { return target_; }
  const HostConfig& config() const { return config_; }
  const OperatorChannel& channel() const { return operator_; }
  void type(const std::string& line);

  // --- names ---
  std::optional<u32> domid_of(const std::string& name) const;
  /// The next domain that is made has this name; empty: nobody says so.
  void expect_domain(const std::string& name) { creating_ = name; }
  /// It has been made.
  void note_created(const std::string& name);

  // --- what has been seen ---
  /// A line behind the last one that such a wait has found, an event behind the last one; noted as found.
  bool find_text(const WaitConsole& wanted);
  bool find_event(const EventPattern& wanted);
  /// MiB that the domain owns, by the observer.
  double observed_mib(const std::string& name) const;
  std::vector<std::string> judge(const Expectation& expectation) const;

  // --- its end ---
  /// The machine is off, for this reason.
  void ended(platform::StopReason reason);
  bool is_off() const { return off_; }
  bool shutting_down = false;  ///< by command: that it ends is as it should be
  void note_fatal(const std::string& what);
  const std::string& fatal() const { return fatal_; }  ///< why the run ends; empty: it goes on
  u64 heard_ps() const { return heard_ps_; }           ///< when the serial line last carried a byte
  /// What monitors have said since this was asked for last.
  std::vector<std::string> take_violations() { return std::exchange(violations_, {}); }
  bool has_violations() const { return !violations_.empty(); }
  /// A domain that has crashed and is to be destroyed, each once; empty: none.
  std::string take_crashed();
  /// Where the processors stand, and what has been printed of a crash, with names.
  std::vector<std::string> where() const;
  std::vector<std::string> printed_backtrace() const;
  void flush();

 private:
  void on_serial(std::string_view bytes, u64 time_ps) override;
  void on_operator(std::string_view bytes, u64 time_ps) override;
  void on_event(const Event& event) override;
  void add_line(ConsoleLine line);
  void watch_line(const ConsoleLine& line);
  void domain_created(u32 domid);
  void domain_crashed(u32 domid, std::string reason);
  std::string kernel_of(u32 domid) const;
  std::string console_of(const std::string& source) const;
  bool matches_event(const EventPattern& p, const Event& e) const;
  std::vector<std::string> judge_counter(const ExpectCounter& e) const;
  std::vector<std::string> judge_event(const ExpectEvent& e) const;
  std::vector<std::string> judge_ownership(const ExpectOwnership& e) const;
  std::vector<std::string> located(std::vector<std::string> lines) const;

  const Scenario& scenario_;
  const HostConfig& config_;
  Target& target_;
  ConsoleLog& log_;
  HostResult& result_;
  Owner& owner_;
  LineCutter serial_;
  OperatorChannel operator_;
  std::vector<Event> events_;
  std::map<std::string, std::size_t> event_cursor_;  ///< by domain: behind the last event a wait has matched
  std::map<std::string, std::size_t> text_cursor_;   ///< per console: behind the last match
  std::map<std::string, u32> domids_;                ///< newest domain of that name
  u32 next_domid_ = 1;                               ///< when nothing is observed
  std::string creating_;
  std::set<u32> crashed_;                ///< domains whose crash has been noticed
  std::vector<std::string> to_destroy_;  ///< crashed, on_crash=destroy
  u64 heard_ps_ = 0;
  std::string fatal_;
  std::vector<std::string> violations_;
  bool off_ = false;
};

}  // namespace xs::scenario
