// The half of the runner that lets time pass, and sees when it must not.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/scenario/runner.h"

namespace xs::scenario {
namespace {
/// A dying hypervisor or domain has said its last word when the serial line was silent for so long,
/// simulated; a line takes well below 0.1 ms. Other domains may chatter for ever: they do not hold the end
/// up.
constexpr u64 silence_ps = 2 * ps_per_ms, last_words_ps = 20 * ps_per_ms;
}  // namespace

/// What monitors and machines have said ends the step, or the run.
void Runner::look_at_hosts() {
  bool violated = false;
  for (const auto& host : hosts_)
    for (std::string& text : host->take_violations()) {
      result_.steps.back().problems.push_back(std::move(text));
      violated = true;
    }
  if (violated) finish_step(result_.steps.back());
  for (const auto& host : hosts_)
    if (!host->fatal().empty()) end_fatal(*host);
}

bool Runner::advance(u64 deadline_ps, const Condition& condition, u64 slice_ps) {
  condition_ = condition;
  for (;;) {
    look_at_hosts();
    if (condition_ && condition_()) break;
    const u64 now = now_ps();
    if (now >= deadline_ps && deadline_ps < scenario_.limits.simulated_ps) return condition_ = nullptr, false;
    check_limits();
    if (all_off()) break;
    type_for_user();
    // Slices end at multiples of slice_ps, whatever the wall clock does: the run stays reproducible.
    const u64 slice = std::min({(now / slice_ps + 1) * slice_ps, deadline_ps, scenario_.limits.simulated_ps});
    stopped(run_until(slice));
    if (idle_) return idle_ = false;
  }
  condition_ = nullptr;
  return true;
}

/// A host that has ended stays where it is in time.
u64 Runner::now_ps() const {
  u64 now = 0;
  for (const auto& host : hosts_) now = std::max(now, host->target().now_ps());
  return now;
}

bool Runner::all_off() const {
  return std::all_of(hosts_.begin(), hosts_.end(), [](const auto& h) { return h->is_off(); });
}

void Runner::check_limits() {
  if (interrupted_ && interrupted_->load()) throw RunEnd{exit_interrupted, "interrupted"};
  const auto timeout = [this](const std::string& what) {
    for (const auto& host : hosts_)
      for (std::string& line : host->where()) result_.backtrace.push_back(std::move(line));
    throw RunEnd{static_cast<int>(ExitCode::timeout), what};
  };
  if (now_ps() >= scenario_.limits.simulated_ps)
    timeout(fmt::format("simulated time limit of {} s reached{}",
                        static_cast<double>(scenario_.limits.simulated_ps) / static_cast<double>(ps_per_s),
                        booted_ ? "" : " before dom0 prompted"));
  if (std::chrono::steady_clock::now() - started_ > std::chrono::seconds(scenario_.limits.wall_s))
    timeout(fmt::format("wall clock limit of {} s reached", scenario_.limits.wall_s));
}

/// A user's own line goes between two of the scenario's, so that each has its answer.
void Runner::type_for_user() {
  for (const auto& host : hosts_) {
    if (!host->channel().ready()) continue;
    if (const std::string line = host->target().take_user_line(); !line.empty()) host->type(line);
  }
}

void Runner::stopped(platform::StopReason reason) {
  using platform::StopReason;
  if (reason == StopReason::paused || reason == StopReason::deadline) return;
  if (reason == StopReason::deadlock) {
    // Guests without a periodic tick sleep like this between two operator commands: while the scenario only
    // lets time pass that is peace, while it waits for something it is the end.
    const bool fatal =
        std::any_of(hosts_.begin(), hosts_.end(), [](const auto& h) { return !h->fatal().empty(); });
    if (!condition_ && !fatal && booted_) {
      idle_ = true;
      return;
    }
    for (const auto& host : hosts_)
      if (!host->is_off()) host->ended(reason);
    return;
  }
  for (const auto& host : hosts_)
    if (const auto why = host->target().off(); why && !host->is_off()) host->ended(*why);
}

void Runner::end_fatal(HostRun& host) {
  const u64 begin = now_ps();
  const u64 latest = std::min(begin + last_words_ps, scenario_.limits.simulated_ps);
  condition_ = nullptr;
  result_.backtrace = host.where();
  while (!host.is_off()) {
    const u64 before = now_ps();
    const u64 until = std::min(std::max(begin, host.heard_ps()) + silence_ps, latest);
    if (before >= until) break;
    stopped(run_until(until));
    if (now_ps() == before || std::exchange(idle_, false)) break;
  }
  for (std::string& line : host.printed_backtrace()) result_.backtrace.push_back(std::move(line));
  throw RunEnd{static_cast<int>(ExitCode::crash), host.fatal()};
}

void Runner::stop() { hosts_.front()->target().pause(); }

void Runner::changed() {
  if (condition_ && condition_()) {
    condition_ = [] { return true; };  // met: waits with a cursor must not look again
    stop();
  }
}

}  // namespace xs::scenario
