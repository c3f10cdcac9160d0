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

}  // namespace

Runner::Runner(const Scenario& scenario, Target& target, Progress* progress,
               const std::atomic<int>* interrupted)
    : scenario_(scenario),
      target_(target),
      progress_(progress),
      interrupted_(interrupted),
      serial_([this](const std::string& text, u64 time_ps) { add_line(split_serial_line(text, time_ps)); }),
      operator_([this](std::string text, u64 time_ps) {
        add_line({"operator", std::move(text), time_ps});
      }) {
  domids_["Domain-0"] = 0;
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
  target_.start(*this);
  if (auto* o = target_.observation()) o->step_begin("boot", target_.now_ps());
  tell_guide(scenario_.boot_guide);
  advance(scenario_.limits.simulated_ps, [this] { return operator_.ready(); });
  booted_ = true;
  finish_step(result_.steps.back());
}

void Runner::tell_guide(const Guide& guide) {
  auto* o = target_.observation();
  if (!o || exited_) return;
  if (!guide.view.empty()) o->note(observe::NoteKind::view, guide.view, target_.now_ps());
  if (!guide.caption.empty()) o->note(observe::NoteKind::caption, guide.caption, target_.now_ps());
}

void Runner::perform(const Step& step, std::size_t index) {
  StepResult result;
  result.name = step.name;
  result.pointer = step.pointer;
  result.line = step.position.line;
  result.begin_ps = result.end_ps = target_.now_ps();
  if (const auto* c = std::get_if<Command>(&step.action)) result.command = c->line;
  if (progress_) progress_->step_begins(index, scenario_.steps.size(), step.name);
  if (auto* o = target_.observation(); o && !exited_) o->step_begin(step.name, result.begin_ps);
  tell_guide(step.guide);
  result_.steps.push_back(std::move(result));
  perform_action(step, result_.steps.back());
  finish_step(result_.steps.back());
}

void Runner::perform_action(const Step& step, StepResult& result) {
  if (exited_ && !std::holds_alternative<Expect>(step.action))
    throw RunEnd{static_cast<int>(ExitCode::failure), "the machine is already powered off"};
  if (const auto* c = std::get_if<Command>(&step.action)) {
    if (c->verb == "shutdown-host")
      shut_down_host(*c, result);
    else
      command(*c, step.status.value_or("0"), result);
  } else if (const auto* w = std::get_if<Wait>(&step.action)) {
    wait(*w, result);
  } else if (const auto* f = std::get_if<Fault>(&step.action)) {
    fault(*f, step.status, result);
  } else if (const auto* s = std::get_if<StationStream>(&step.action)) {
    target_.send_from_station(*s);
  } else {
    expect(std::get<Expect>(step.action), result);
  }
  obey_on_crash(result);
}

void Runner::await_prompt() {
  if (!operator_.ready()) advance(scenario_.limits.simulated_ps, [this] { return operator_.ready(); });
}

void Runner::type_and_await(const std::string& line, StepResult& result) {
  await_prompt();
  operator_.typed(line, target_.now_ps());
  target_.type_operator(line + "\n");
  advance(scenario_.limits.simulated_ps, [this] { return operator_.ready(); });
  const Answer& a = operator_.answer();
  result.answer.insert(result.answer.end(), a.lines.begin(), a.lines.end());
  result.answer.push_back(fmt::format("= {}{}{}", a.status, a.sentence.empty() ? "" : " ", a.sentence));
}

void Runner::command(const Command& c, const std::string& status, StepResult& result) {
  const bool creates = c.verb == "create" || c.verb == "restore";
  if (creates) creating_ = c.domain;
  type_and_await(c.line, result);
  creating_.clear();
  const Answer& a = operator_.answer();
  if (a.status == "0" && creates) note_created(c.domain);
  if (a.status == status) return;
  if (a.status.empty())
    result.problems.push_back("the answer has no status line");
  else if (status == "0")
    result.problems.push_back(fmt::format("refused: {} {}", a.status, a.sentence));
  else
    result.problems.push_back(fmt::format("status is {}, expected {}", a.status, status));
}

/// Without an observer the domain's id can only be counted: the toolstack gives ascending ids.
void Runner::note_created(const std::string& name) {
  if (!target_.observation())
    domids_[name] = next_domid_++;
  else if (const auto id = domid_of(name))
    target_.observation()->name_domain(*id, name);
  if (const auto id = domid_of(name)) result_.domain_names[*id] = name;
}

void Runner::shut_down_host(const Command& c, StepResult& result) {
  await_prompt();
  host_shutting_down_ = true;
  operator_.typed(c.line, target_.now_ps());
  target_.type_operator(c.line + "\n");
  advance(scenario_.limits.simulated_ps, [this] { return exited_ || operator_.ready(); });
  if (!exited_) {
    result.answer = operator_.answer().lines;
    result.problems.push_back(
        fmt::format("refused: {} {}", operator_.answer().status, operator_.answer().sentence));
  } else if (target_.exit_value() != 0) {
    result.problems.push_back(fmt::format("exit port value is {}, expected 0", target_.exit_value()));
  }
}

void Runner::wait(const Wait& w, StepResult& result) {
  const u64 now = target_.now_ps();
  if (const auto* t = std::get_if<WaitTime>(&w.what)) {
    advance(now + t->ps, nullptr);
    return;
  }
  const u64 deadline = now + w.within_ps;
  bool met = false;
  if (const auto* c = std::get_if<WaitConsole>(&w.what)) {
    met = advance(deadline, [&] {
      const std::string source = console_of(c->source);
      std::size_t& cursor = text_cursor_[source];
      const std::size_t found = log_.find(source, c->pattern, cursor);
      if (found) cursor = found;
      return found != 0;
    });
  } else if (const auto* e = std::get_if<WaitEvent>(&w.what)) {
    if (!target_.observation()) return;  // an oracle has no marks; its text waits still order the run
    std::size_t& cursor = event_cursor_[e->pattern.domain];
    met = advance(deadline, [&] {
      for (std::size_t i = cursor; i < events_.size(); ++i)
        if (matches_event(e->pattern, events_[i])) return cursor = i + 1, true;
      return false;
    });
  } else {
    wait_memory(std::get<WaitMemory>(w.what), deadline, result);
    return;
  }
  if (met) return;
  result.timed_out = true;
  result.problems.push_back(fmt::format("not within {} s of simulated time",
                                        static_cast<double>(w.within_ps) / static_cast<double>(ps_per_s)));
}

void Runner::wait_memory(const WaitMemory& m, u64 deadline, StepResult& result) {
  double seen = 0;
  const auto reached = [&] { return m.mib.holds(seen = memory_mib(m.domain)); };
  bool met = reached();
  // Ownership changes with no console output: look every simulated millisecond; where only xl list can
  // tell, every 50.
  const u64 interval = target_.observation() ? ps_per_ms : 50 * ps_per_ms;
  while (!met && target_.now_ps() < deadline) {
    advance(std::min(deadline, target_.now_ps() + interval), nullptr, interval);
    met = reached();
  }
  if (met) return;
  result.timed_out = true;
  result.problems.push_back(fmt::format("{} has {:.2f} MiB, expected {}", m.domain, seen, m.mib.text()));
}

void Runner::fault(const Fault& f, const std::optional<std::string>& status, StepResult& result) {
  if (const auto* disk = std::get_if<FaultDisk>(&f)) return target_.fail_disk_reads(disk->count);
  std::string line, wanted = status.value_or("");
  if (const auto* kill = std::get_if<FaultKill>(&f)) {
    advance(target_.now_ps() + kill->after_ps, nullptr, ps_per_ms);
    line = "destroy " + kill->domain;
    if (wanted.empty()) wanted = "0";
  } else if (const auto* garbage = std::get_if<FaultGarbage>(&f)) {
    line = garbage->text;
  } else {
    line = noise(scenario_.seed + ++noises_, std::get<FaultNoise>(f).bytes);
  }
  type_and_await(line, result);
  const std::string& got = operator_.answer().status;
  // Whatever was typed, the channel must answer it and prompt again; an empty line has no answer.
  if (!wanted.empty() && got != wanted)
    result.problems.push_back(fmt::format("status is {}, expected {}", got, wanted));
}

void Runner::expect(const Expect& e, StepResult& result) {
  for (const Expectation& one : e)
    for (std::string& problem : judge(one)) result.problems.push_back(one.pointer + ": " + problem);
  const auto asks = [](const Expectation& one) {
    const auto* counter = std::get_if<ExpectCounter>(&one.what);
    return counter && is_exposure_counter(counter->counter);
  };
  auto* o = target_.observation();
  if (o && std::any_of(e.begin(), e.end(), asks)) result.exposed = o->exposures();
}

void Runner::check_invariants(StepResult& result) {
  auto* o = target_.observation();
  if (!o || !booted_ || exited_) return;
  const CheckResult check = o->check();
  result.skipped = check.skipped;
  for (const std::string& text : check.problems) result.problems.push_back("invariant: " + text);
  if (check.count > check.problems.size())
    result.problems.push_back(fmt::format("invariant: {} more", check.count - check.problems.size()));
}

void Runner::obey_on_crash(StepResult& result) {
  while (!to_destroy_.empty()) {
    const std::string name = to_destroy_.back();
    to_destroy_.pop_back();
    type_and_await("destroy " + name, result);
    if (operator_.answer().status != "0") result.problems.push_back("the crashed domain cannot be destroyed");
  }
}

void Runner::finish_step(StepResult& result) {
  check_invariants(result);
  result.end_ps = target_.now_ps();
  result.passed = result.problems.empty();
  if (auto* o = target_.observation()) {
    result.observed = true;
    result.ownership = o->ownership();
    result.p2m = o->p2m_shapes();
    o->step_end(result.passed, result.end_ps);
  }
  if (progress_) progress_->step_ends(result);
  if (result.passed) return;
  const auto code = result.timed_out ? ExitCode::timeout : ExitCode::failure;
  if (result.timed_out) result_.backtrace = target_.where();
  throw RunEnd{static_cast<int>(code), fmt::format("step \"{}\": {}", result.name, result.problems.front())};
}

void Runner::collect() {
  condition_ = nullptr;  // of a wait that has ended in the middle: what it looks at is gone
  if (!result_.steps.empty() && !result_.steps.back().passed) {
    StepResult& last = result_.steps.back();
    last.end_ps = target_.now_ps();
    if (last.problems.empty() && !result_.message.empty()) last.problems.push_back(result_.message);
    if (last.problems.empty()) last.passed = true;
  }
  serial_.flush(target_.now_ps());
  result_.console = log_.lines();
  result_.counters = target_.counters();
  result_.simulated_ps = target_.now_ps();
  result_.execution_hash = target_.execution_hash();
  result_.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  auto* o = target_.observation();
  if (!o) return;
  result_.observed = true;
  const std::vector<observe::Exposure> exposed = o->exposures();
  result_.counters.merge(exposure_counters(exposed));
  if (!result_.steps.empty()) result_.steps.back().exposed = exposed;
  for (const auto& d : o->domains())
    if (d.state != XS_DOM_DEAD) result_.p2m[fmt::format("dom{}", d.domid)] = o->p2m_dump(d.domid);
  try {
    result_.trace_hash = o->finish(target_.now_ps());
  } catch (const Error& error) {
    if (result_.exit_code) return;
    result_.exit_code = static_cast<int>(error.code());
    result_.message = error.what();
  }
}

}  // namespace xs::scenario
