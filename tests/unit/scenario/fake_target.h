// A target whose guest is a script: each command line is answered by what the test has laid down, at a
// simulated delay. Time advances only through run_until, as on the machine.
#pragma once
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "sim/scenario/target.h"

namespace xs::scenario {

class FakeObservation : public Observation {
 public:
  observe::OwnershipTable ownership() const override { return table; }
  std::vector<observe::DomainInfo> domains() const override { return {}; }
  CheckResult check() const override { return next_check; }
  void name_domain(u32 domid, const std::string& name) override { names[domid] = name; }
  void set_kernel(u32 domid, const std::string& kernel) override { kernels[domid] = kernel; }
  void step_begin(const std::string& name, u64) override { steps.push_back(name); }
  void note(observe::NoteKind kind, const std::string& text, u64) override {
    notes.push_back(steps.back() + (kind == observe::NoteKind::caption ? ": caption: " : ": view: ") + text);
  }
  void step_end(bool, u64) override { ++steps_ended; }
  void console_line(const ConsoleLine& line) override { lines.push_back(line); }
  std::string p2m_dump(u32) const override { return {}; }
  u64 finish(u64) override { return 0x7e57; }

  void own(u32 owner, u64 mib);

  observe::OwnershipTable table;
  CheckResult next_check;
  std::map<u32, std::string> names, kernels;
  std::vector<std::string> steps, notes;
  std::vector<ConsoleLine> lines;
  unsigned steps_ended = 0;
};

class FakeTarget : public Target {
 public:
  /// What happens `delay_ps` after the present moment.
  void later(u64 delay_ps, std::function<void()> what);
  void serial(u64 delay_ps, std::string bytes);
  void say(u64 delay_ps, std::string bytes);  ///< on the operator channel
  void emit(u64 delay_ps, Event event);
  void stop(u64 delay_ps, platform::StopReason reason, u32 value = 0);

  /// Called with each line typed (without its line end); returns nothing: use say() to answer.
  std::function<void(const std::string&)> on_command;
  bool prompt_at_boot = true;
  bool observed = true;
  bool sleeps = false;  ///< with nothing to do, stops with `deadlock` instead of letting time pass
  FakeObservation observation_;
  std::vector<std::string> typed;
  std::deque<std::string> user_lines;
  u64 disk_errors = 0;
  std::vector<StationStream> streams;

  void start(TargetListener& listener) override;
  void type_operator(std::string_view bytes) override;
  std::string take_user_line() override;
  platform::StopReason run_until(u64 deadline_ps) override;
  void pause() override { paused_ = true; }
  u64 now_ps() const override { return now_; }
  u32 exit_value() const override { return exit_value_; }
  void fail_disk_reads(u64 count) override { disk_errors += count; }
  void send_from_station(const StationStream& stream) override { streams.push_back(stream); }
  std::map<std::string, u64> counters() const override { return {{"machine.instructions", 1000}}; }
  u64 execution_hash() const override { return 0xabc; }
  std::vector<std::string> where() const override { return {"cpu0: idle+0x2"}; }
  std::string annotate(const std::string& line, const std::string& kernel) const override {
    return line + " <- " + (kernel.empty() ? "hypervisor" : kernel);
  }
  Observation* observation() override { return observed ? &observation_ : nullptr; }

 private:
  struct Item {
    u64 time_ps;
    u64 order;
    std::function<void()> what;
    bool operator<(const Item& o) const { return std::tie(time_ps, order) < std::tie(o.time_ps, o.order); }
  };
  std::multiset<Item> agenda_;
  TargetListener* listener_ = nullptr;
  u64 now_ = 0, order_ = 0;
  bool paused_ = false, stopped_ = false;
  platform::StopReason reason_ = platform::StopReason::deadline;
  u32 exit_value_ = 0;
};

}  // namespace xs::scenario
