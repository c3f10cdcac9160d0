// The half of the runner that is called from within the run: bytes and events come in, fatal signs end it.
#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <utility>

#include "sim/scenario/runner.h"

namespace xs::scenario {
namespace {
/// A dying hypervisor or domain has said its last word when the serial line was silent for so long,
/// simulated; a line takes well below 0.1 ms. Other domains may chatter for ever: they do not hold the end
/// up.
constexpr u64 silence_ps = 2 * ps_per_ms, last_words_ps = 20 * ps_per_ms;
}  // namespace

bool Runner::advance(u64 deadline_ps, const Condition& condition, u64 slice_ps) {
  condition_ = condition;
  for (;;) {
    if (violated_) finish_step(result_.steps.back());
    if (!fatal_.empty()) end_fatal();
    if (condition_ && condition_()) break;
    const u64 now = target_.now_ps();
    if (now >= deadline_ps && deadline_ps < scenario_.limits.simulated_ps) return condition_ = nullptr, false;
    check_limits();
    if (exited_) break;
    type_for_user();
    // Slices end at multiples of slice_ps, whatever the wall clock does: the run stays reproducible.
    const u64 slice = std::min({(now / slice_ps + 1) * slice_ps, deadline_ps, scenario_.limits.simulated_ps});
    stopped(target_.run_until(slice));
    if (idle_) return idle_ = false;
  }
  condition_ = nullptr;
  return true;
}

void Runner::check_limits() {
  if (interrupted_ && interrupted_->load()) throw RunEnd{exit_interrupted, "interrupted"};
  const auto timeout = [this](const std::string& what) {
    result_.backtrace = target_.where();
    throw RunEnd{static_cast<int>(ExitCode::timeout), what};
  };
  if (target_.now_ps() >= scenario_.limits.simulated_ps)
    timeout(fmt::format("simulated time limit of {} s reached{}",
                        static_cast<double>(scenario_.limits.simulated_ps) / static_cast<double>(ps_per_s),
                        booted_ ? "" : " before dom0 prompted"));
  if (std::chrono::steady_clock::now() - started_ > std::chrono::seconds(scenario_.limits.wall_s))
    timeout(fmt::format("wall clock limit of {} s reached", scenario_.limits.wall_s));
}

/// A user's own line goes between two of the scenario's, so that each has its answer.
void Runner::type_for_user() {
  if (!operator_.ready()) return;
  const std::string line = target_.take_user_line();
  if (line.empty()) return;
  operator_.typed(line, target_.now_ps());
  target_.type_operator(line + "\n");
}

void Runner::stopped(platform::StopReason reason) {
  using platform::StopReason;
  switch (reason) {
    case StopReason::paused:
    case StopReason::deadline:
      return;
    case StopReason::exited:
      exited_ = true;
      if (!host_shutting_down_ && fatal_.empty())
        note_fatal(fmt::format("the machine powered off (exit port value {})", target_.exit_value()));
      return;
    case StopReason::reset:
      exited_ = true, note_fatal("the machine was reset");
      return;
    case StopReason::triple_fault:
      exited_ = true, note_fatal("triple fault");
      return;
    case StopReason::stuck:
      exited_ = true, note_fatal("a core cannot go on");
      return;
    case StopReason::deadlock:
      // Guests without a periodic tick sleep like this between two operator commands: while the scenario only
      // lets time pass that is peace, while it waits for something it is the end.
      if (!condition_ && fatal_.empty() && booted_) {
        idle_ = true;
        return;
      }
      exited_ = true, note_fatal("deadlock: every core is halted and no device event is pending");
      return;
  }
}

void Runner::note_fatal(const std::string& what) {
  if (!fatal_.empty()) return;
  fatal_ = what;
  target_.pause();
}

void Runner::end_fatal() {
  const u64 begin = target_.now_ps();
  const u64 latest = std::min(begin + last_words_ps, scenario_.limits.simulated_ps);
  condition_ = nullptr;
  result_.backtrace = target_.where();
  while (!exited_) {
    const u64 before = target_.now_ps();
    const u64 until = std::min(std::max(begin, heard_ps_) + silence_ps, latest);
    if (before >= until) break;
    stopped(target_.run_until(until));
    if (target_.now_ps() == before || std::exchange(idle_, false)) break;
  }
  add_printed_backtrace();
  throw RunEnd{static_cast<int>(ExitCode::crash), fatal_};
}

/// The image that the domain runs, "" when it is not known.
std::string Runner::kernel_of(u32 domid) const {
  if (domid == 0) return scenario_.dom0.kernel;
  const auto name = result_.domain_names.find(domid);
  const DomainConfig* d = name == result_.domain_names.end() ? nullptr : scenario_.domain(name->second);
  return d ? d->kernel : std::string();
}

/// The raw addresses that a panicking hypervisor or guest prints, and where the hypervisor says that a
/// crashed domain stood, with names: each line in the words of the image it comes from.
void Runner::add_printed_backtrace() {
  static const std::regex crash("^domain_crash called for d([0-9]{1,5}): "),
      position("^ *(?:(rip) e0[0-9a-f]{2}:|(ip) )([0-9a-f]{16}) "), guest("^dom([0-9]{1,5})$");
  constexpr u32 nobody = ~u32{0};
  u32 crashed = nobody;  // its registers are what the hypervisor prints next
  for (const ConsoleLine& line : log_.lines()) {
    std::smatch m, at;
    if (std::regex_match(line.source, m, guest)) {
      if (line.text.find("[<") == std::string::npos) continue;
      const std::string kernel = kernel_of(static_cast<u32>(std::stoul(m[1])));
      if (!kernel.empty())
        result_.backtrace.push_back(line.source + ": " + target_.annotate(line.text, kernel));
    } else if (line.source == "xen") {
      if (line.text.find("[<") != std::string::npos)
        result_.backtrace.push_back("xen: " + target_.annotate(line.text, ""));
      else if (crashed != nobody && std::regex_search(line.text, at, position) && !kernel_of(crashed).empty())
        result_.backtrace.push_back(
            fmt::format("dom{}: ", crashed) +
            target_.annotate(at[1].str() + at[2].str() + " [<" + at[3].str() + ">]", kernel_of(crashed)));
      crashed = nobody;
      if (std::regex_search(line.text, m, crash)) crashed = static_cast<u32>(std::stoul(m[1]));
    }
  }
}

void Runner::on_serial(std::string_view bytes, u64 time_ps) {
  heard_ps_ = time_ps;
  serial_.feed(bytes, time_ps);
}

void Runner::on_operator(std::string_view bytes, u64 time_ps) {
  operator_.feed(bytes, time_ps);
  reconsider();
}

void Runner::on_event(const Event& event) {
  events_.push_back(event);
  if (event.kind == "domain-created" && !creating_.empty()) {
    domids_[creating_] = event.domid;
    result_.domain_names[event.domid] = creating_;
    if (auto* o = target_.observation()) o->set_kernel(event.domid, kernel_of(event.domid));
  }
  if (event.kind == "unmodelled") add_line({"machine", "not modelled: " + event.state, event.time_ps});
  if (event.kind == "dma-refused") add_line({"machine", event.state, event.time_ps});
  if (event.kind == "violation") note_violation(event.state);
  if (event.kind == "panic") note_fatal("hypervisor panic");
  if (event.kind == "domain-state" && event.state == "crashed") domain_crashed(event.domid, "");
  reconsider();
}

/// The first thing that goes wrong tells most: the step ends there, before guests stumble over it.
void Runner::note_violation(const std::string& text) {
  result_.steps.back().problems.push_back("invariant: " + text);
  violated_ = true;
  target_.pause();
}

void Runner::add_line(ConsoleLine line) {
  if (auto* o = target_.observation()) o->console_line(line);
  watch_line(line);
  if (!log_.add(std::move(line)))
    note_fatal(fmt::format("more than {} console lines", ConsoleLog::max_lines));
  reconsider();
}

/// The hypervisor's own words for what went wrong: they name the reason, marks do not.
void Runner::watch_line(const ConsoleLine& line) {
  if (line.source != "xen") return;
  if (line.text.rfind("Panic on CPU", 0) == 0) {
    if (fatal_ == "hypervisor panic") fatal_.clear();
    note_fatal("hypervisor panic: " + line.text);
  }
  static const std::regex crashed("^domain_crash called for d([0-9]{1,5}): (.*)");
  std::smatch m;
  if (std::regex_search(line.text, m, crashed)) domain_crashed(static_cast<u32>(std::stoul(m[1])), m[2]);
}

void Runner::reconsider() {
  if (condition_ && condition_()) {
    condition_ = [] { return true; };  // met: waits with a cursor must not look again
    target_.pause();
  }
}

void Runner::domain_crashed(u32 domid, std::string reason) {
  std::string name = fmt::format("dom{}", domid);
  const auto& printed = log_.of(name);
  auto last = printed.rbegin();
  while (last != printed.rend() && log_.lines()[*last].text.find("[<") != std::string::npos) ++last;
  if (last != printed.rend() && log_.lines()[*last].text.rfind("panic: ", 0) == 0)
    reason = log_.lines()[*last].text;  // the kernel's own words say more
  const DomainConfig* config = nullptr;
  for (const auto& [n, id] : domids_)
    if (id == domid && (config = scenario_.domain(n))) name = fmt::format("{} (dom{})", n, domid);
  if (!config || config->on_crash == OnCrash::fail)
    return note_fatal("domain " + name + " crashed" + (reason.empty() ? "" : ": " + reason));
  const bool known = !crashed_.insert(domid).second;
  if (!known && config->on_crash == OnCrash::destroy) to_destroy_.push_back(config->name);
}

}  // namespace xs::scenario
