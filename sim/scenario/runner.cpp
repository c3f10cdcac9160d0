#include "sim/scenario/runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/counter_names.h"

namespace xs::scenario {
namespace {

/// xorshift64* (Vigna 2016): the only source of randomness here, from the scenario's seed.
class Random {
 public:
  explicit Random(u64 seed) : state_(seed * 0x9e3779b97f4a7c15ull | 1) {}
  u8 byte() {
    state_ ^= state_ >> 12, state_ ^= state_ << 25, state_ ^= state_ >> 27;
    return static_cast<u8>((state_ * 0x2545f4914f6cdd1dull) >> 56);
  }

 private:
  u64 state_;
};

std::string noise(u64 seed, u64 bytes) {
  Random random(seed);
  std::string out;
  while (out.size() < bytes)
    if (const char c = static_cast<char>(random.byte()); c != '\n' && c != '\r') out += c;
  return out;
}

/// Third column of xl list's row for `name`: "Name ID Mem VCPUs State Time".
double listed_mib(const std::vector<std::string>& lines, const std::string& name) {
  for (const std::string& line : lines) {
    char row_name[64];
    unsigned id = 0, mib = 0;
    if (std::sscanf(line.c_str(), "%63s %u %u", row_name, &id, &mib) == 3 && name == row_name) return mib;
  }
  return 0;
}

}  // namespace

Runner::Runner(const Scenario& scenario, const std::vector<Target*>& targets, Progress* progress,
               const std::atomic<int>* interrupted)
    : scenario_(scenario), progress_(progress), interrupted_(interrupted) {
  result_.hosts.resize(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i)
    hosts_.push_back(std::make_unique<HostRun>(scenario, scenario.hosts.at(i), *targets[i], log_,
                                               result_.hosts[i], static_cast<HostRun::Owner&>(*this)));
}

RunResult Runner::run() {
  started_ = std::chrono::steady_clock::now();
  result_.scenario = scenario_.name;
  result_.description = scenario_.description;
  result_.file = scenario_.file;
  result_.seed = scenario_.seed;
  try {
    boot();
    for (std::size_t i = 0; i < scenario_.steps.size(); ++i) perform(scenario_.steps[i], i + 1);
  } catch (const RunEnd& end) {
    result_.exit_code = end.code;
    result_.message = end.message;
  } catch (const Error& error) {
    result_.exit_code = static_cast<int>(error.code());
    result_.message = error.what();
  }
  collect();
  return std::move(result_);
}

void Runner::boot() {
  Step step;
  step.name = "boot";
  StepResult result;
  result.name = step.name;
  if (progress_) progress_->step_begins(0, scenario_.steps.size(), step.name);
  result_.steps.push_back(std::move(result));
  for (const auto& host : hosts_) host->start();
  for (const auto& host : hosts_)
    if (auto* o = host->target().observation()) o->step_begin(step.name, now_ps());
  tell_guide(scenario_.boot_guide);
  advance(scenario_.limits.simulated_ps, [this] {
    return std::all_of(hosts_.begin(), hosts_.end(), [](const auto& h) { return h->channel().ready(); });
  });
  booted_ = true;
  finish_step(result_.steps.back());
}

void Runner::tell_guide(const Guide& guide) {
  for (const auto& host : hosts_) {
    auto* o = host->target().observation();
    if (!o || host->is_off()) continue;
    if (!guide.view.empty()) o->note(observe::NoteKind::view, guide.view, now_ps());
    if (!guide.caption.empty()) o->note(observe::NoteKind::caption, guide.caption, now_ps());
  }
}

StepResult& Runner::begin_step(const Step& step, std::size_t index) {
  StepResult result;
  result.name = step.name;
  result.pointer = step.pointer;
  result.line = step.position.line;
  result.host = step.host;
  result.begin_ps = result.end_ps = now_ps();
  if (const auto* c = std::get_if<Command>(&step.action)) result.command = c->line;
  if (progress_) progress_->step_begins(index, scenario_.steps.size(), step.name);
  for (const auto& host : hosts_)
    if (auto* o = host->target().observation(); o && !host->is_off())
      o->step_begin(step.name, result.begin_ps);
  tell_guide(step.guide);
  result_.steps.push_back(std::move(result));
  return result_.steps.back();
}

void Runner::perform(const Step& step, std::size_t index) {
  StepResult& result = begin_step(step, index);
  perform_action(step, *hosts_.at(step.host), result);
  finish_step(result_.steps.back());
}

void Runner::perform_action(const Step& step, HostRun& host, StepResult& result) {
  const bool needs_nobody = std::holds_alternative<Expect>(step.action) ||
                            (hosts_.size() > 1 && std::holds_alternative<Wait>(step.action));
  if (host.is_off() && !needs_nobody)
    throw RunEnd{static_cast<int>(ExitCode::failure), "the machine is already powered off"};
  if (const auto* c = std::get_if<Command>(&step.action)) {
    if (c->verb == "shutdown-host")
      shut_down_host(host, *c, result);
    else
      command(host, *c, step.status.value_or("0"), result);
  } else if (const auto* w = std::get_if<Wait>(&step.action)) {
    wait(host, *w, result);
  } else if (const auto* f = std::get_if<Fault>(&step.action)) {
    fault(host, *f, step.status, result);
  } else if (const auto* s = std::get_if<StationStream>(&step.action)) {
    host.target().send_from_station(*s);
  } else {
    expect(std::get<Expect>(step.action), result);
  }
  for (const auto& h : hosts_) obey_on_crash(*h, result);
}

void Runner::await_prompt(HostRun& host) {
  if (!host.channel().ready())
    advance(scenario_.limits.simulated_ps, [&host] { return host.channel().ready(); });
}

void Runner::type_and_await(HostRun& host, const std::string& line, StepResult& result) {
  await_prompt(host);
  host.type(line);
  advance(scenario_.limits.simulated_ps, [&host] { return host.channel().ready() || host.is_off(); });
  const Answer& a = host.channel().answer();
  result.answer.insert(result.answer.end(), a.lines.begin(), a.lines.end());
  result.answer.push_back(fmt::format("= {}{}{}", a.status, a.sentence.empty() ? "" : " ", a.sentence));
}

void Runner::command(HostRun& host, const Command& c, const std::string& status, StepResult& result) {
  const bool creates = c.verb == "create" || c.verb == "restore";
  if (creates) host.expect_domain(c.domain);
  if (c.to_host) hosts_.at(*c.to_host)->expect_domain(c.domain);
  type_and_await(host, c.line, result);
  if (creates) host.expect_domain("");
  const Answer& a = host.channel().answer();
  if (a.status == "0" && creates) host.note_created(c.domain);
  if (a.status != "0" && c.to_host) hosts_.at(*c.to_host)->expect_domain("");
  if (a.status == status) return;
  if (a.status.empty())
    result.problems.push_back("the answer has no status line");
  else if (status == "0")
    result.problems.push_back(fmt::format("refused: {} {}", a.status, a.sentence));
  else
    result.problems.push_back(fmt::format("status is {}, expected {}", a.status, status));
}

void Runner::shut_down_host(HostRun& host, const Command& c, StepResult& result) {
  await_prompt(host);
  host.shutting_down = true;
  host.type(c.line);
  advance(scenario_.limits.simulated_ps, [&host] { return host.is_off() || host.channel().ready(); });
  if (!host.is_off()) {
    result.answer = host.channel().answer().lines;
    result.problems.push_back(
        fmt::format("refused: {} {}", host.channel().answer().status, host.channel().answer().sentence));
  } else if (host.target().exit_value() != 0) {
    result.problems.push_back(fmt::format("exit port value is {}, expected 0", host.target().exit_value()));
  }
}

void Runner::wait(HostRun& host, const Wait& w, StepResult& result) {
  if (const auto* t = std::get_if<WaitTime>(&w.what)) {
    advance(now_ps() + t->ps, nullptr);
    return;
  }
  const u64 deadline = now_ps() + w.within_ps;
  bool met = false;
  if (const auto* c = std::get_if<WaitConsole>(&w.what)) {
    met = advance(deadline, [&] { return host.find_text(*c); });
  } else if (const auto* e = std::get_if<WaitEvent>(&w.what)) {
    // An oracle has no marks; its text waits still order the run.
    if (!host.target().observation()) return;
    met = advance(deadline, [&] { return host.find_event(e->pattern); });
  } else {
    wait_memory(host, std::get<WaitMemory>(w.what), deadline, result);
    return;
  }
  if (met) return;
  result.timed_out = true;
  result.problems.push_back(fmt::format("not within {} s of simulated time",
                                        static_cast<double>(w.within_ps) / static_cast<double>(ps_per_s)));
}

double Runner::memory_mib(HostRun& host, const std::string& domain) {
  if (host.target().observation()) return host.observed_mib(domain);
  StepResult unreported;
  type_and_await(host, "list", unreported);
  return listed_mib(host.channel().answer().lines, domain);
}

void Runner::wait_memory(HostRun& host, const WaitMemory& m, u64 deadline, StepResult& result) {
  double seen = 0;
  const auto reached = [&] { return m.mib.holds(seen = memory_mib(host, m.domain)); };
  bool met = reached();
  // Ownership changes with no console output: look every simulated millisecond; where only xl list can
  // tell, every 50.
  const u64 interval = host.target().observation() ? ps_per_ms : 50 * ps_per_ms;
  while (!met && now_ps() < deadline) {
    advance(std::min(deadline, now_ps() + interval), nullptr, interval);
    met = reached();
  }
  if (met) return;
  result.timed_out = true;
  result.problems.push_back(fmt::format("{} has {:.2f} MiB, expected {}", m.domain, seen, m.mib.text()));
}

void Runner::fault(HostRun& host, const Fault& f, const std::optional<std::string>& status,
                   StepResult& result) {
  if (const auto* disk = std::get_if<FaultDisk>(&f)) return host.target().fail_disk_reads(disk->count);
  if (const auto* link = std::get_if<FaultLink>(&f)) return host.target().change_link(link->change);
  if (std::holds_alternative<FaultPower>(f)) {
    host.shutting_down = true;
    return host.target().power_off();
  }
  fault_typed(host, f, status.value_or(""), result);
}

/// Faults that come by the operator's channel.
void Runner::fault_typed(HostRun& host, const Fault& f, std::string wanted, StepResult& result) {
  std::string line;
  if (const auto* kill = std::get_if<FaultKill>(&f)) {
    advance(now_ps() + kill->after_ps, nullptr, ps_per_ms);
    line = "destroy " + kill->domain;
    if (wanted.empty()) wanted = "0";
  } else if (const auto* garbage = std::get_if<FaultGarbage>(&f)) {
    line = garbage->text;
  } else {
    line = noise(scenario_.seed + ++noises_, std::get<FaultNoise>(f).bytes);
  }
  type_and_await(host, line, result);
  const std::string& got = host.channel().answer().status;
  // Whatever was typed, the channel must answer it and prompt again; an empty line has no answer.
  if (!wanted.empty() && got != wanted)
    result.problems.push_back(fmt::format("status is {}, expected {}", got, wanted));
}

void Runner::expect(const Expect& e, StepResult& result) {
  for (const Expectation& one : e)
    for (std::string& problem : hosts_.at(one.host)->judge(one))
      result.problems.push_back(one.pointer + ": " + problem);
  result.hosts.resize(hosts_.size());
  for (const Expectation& one : e) {
    const auto* counter = std::get_if<ExpectCounter>(&one.what);
    auto* o = hosts_[one.host]->target().observation();
    auto& exposed = result.hosts[one.host].exposed;
    if (counter && o && exposed.empty() && is_exposure_counter(counter->counter)) exposed = o->exposures();
  }
}

void Runner::check_invariants(HostRun& host, StepResult& result) {
  auto* o = host.target().observation();
  if (!o || !booted_ || host.is_off()) return;
  const CheckResult check = o->check();
  const std::string at = host.config().name.empty() ? "" : host.config().name + ": ";
  for (const std::string& text : check.skipped) result.skipped.push_back(at + text);
  for (const std::string& text : check.problems) result.problems.push_back(at + "invariant: " + text);
  if (check.count > check.problems.size())
    result.problems.push_back(fmt::format("{}invariant: {} more", at, check.count - check.problems.size()));
}

void Runner::obey_on_crash(HostRun& host, StepResult& result) {
  for (std::string name; !(name = host.take_crashed()).empty();) {
    type_and_await(host, "destroy " + name, result);
    if (host.channel().answer().status != "0")
      result.problems.push_back("the crashed domain cannot be destroyed");
  }
}

void Runner::note_state(StepResult& result) {
  result.hosts.resize(hosts_.size());
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    auto* o = hosts_[i]->target().observation();
    if (!o) continue;
    HostState& state = result.hosts[i];
    state.observed = true;
    state.ownership = o->ownership();
    state.p2m = o->p2m_shapes();
    o->step_end(result.passed, result.end_ps);
  }
}

void Runner::finish_step(StepResult& result) {
  for (const auto& host : hosts_) check_invariants(*host, result);
  result.end_ps = now_ps();
  result.passed = result.problems.empty();
  note_state(result);
  if (progress_) progress_->step_ends(result);
  if (result.passed) return;
  const auto code = result.timed_out ? ExitCode::timeout : ExitCode::failure;
  if (result.timed_out)
    for (const auto& host : hosts_)
      for (std::string& line : host->where()) result_.backtrace.push_back(std::move(line));
  throw RunEnd{static_cast<int>(code), fmt::format("step \"{}\": {}", result.name, result.problems.front())};
}

void Runner::collect() {
  condition_ = nullptr;  // of a wait that has ended in the middle: what it looks at is gone
  if (!result_.steps.empty() && !result_.steps.back().passed) {
    StepResult& last = result_.steps.back();
    last.end_ps = now_ps();
    if (last.problems.empty() && !result_.message.empty()) last.problems.push_back(result_.message);
    if (last.problems.empty()) last.passed = true;
  }
  for (const auto& host : hosts_) host->flush();
  result_.console = log_.lines();
  result_.simulated_ps = now_ps();
  result_.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  for (std::size_t i = 0; i < hosts_.size(); ++i) collect_host(i);
}

void Runner::collect_host(std::size_t index) {
  Target& target = hosts_[index]->target();
  HostResult& result = result_.hosts[index];
  const auto count = [&](const std::map<std::string, u64>& counters) {
    for (const auto& [name, value] : counters) result_.counters[result.named(name)] = value;
  };
  count(target.counters());
  result.execution_hash = target.execution_hash();
  auto* o = target.observation();
  if (!o) return;
  result.observed = true;
  const std::vector<observe::Exposure> exposed = o->exposures();
  count(exposure_counters(exposed));
  if (!result_.steps.empty()) {
    result_.steps.back().hosts.resize(hosts_.size());
    result_.steps.back().hosts[index].exposed = exposed;
  }
  for (const auto& d : o->domains())
    if (d.state != XS_DOM_DEAD) result.p2m[fmt::format("dom{}", d.domid)] = o->p2m_dump(d.domid);
  try {
    result.trace_hash = o->finish(now_ps());
  } catch (const Error& error) {
    if (result_.exit_code) return;
    result_.exit_code = static_cast<int>(error.code());
    result_.message = error.what();
  }
}

}  // namespace xs::scenario
