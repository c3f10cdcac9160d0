// The half of a host's run that judges: names to domains, memory, expectations.
#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/counter_names.h"
#include "sim/scenario/host_run.h"

namespace xs::scenario {
namespace {

constexpr double frames_per_mib = 256;
constexpr u32 nobody = ~u32{0};  ///< a domain that has never been: it owns nothing

const std::map<std::string, unsigned>& type_numbers() {
  static const std::map<std::string, unsigned> numbers = {{"none", XS_FRAME_NONE},
                                                          {"l1", XS_FRAME_L1},
                                                          {"l2", XS_FRAME_L2},
                                                          {"l3", XS_FRAME_L3},
                                                          {"l4", XS_FRAME_L4},
                                                          {"segdesc", XS_FRAME_SEGDESC},
                                                          {"writable", XS_FRAME_WRITABLE},
                                                          {"shared", XS_FRAME_SHARED},
                                                          {"p2m", XS_FRAME_P2M},
                                                          {"shadow", XS_FRAME_SHADOW}};
  return numbers;
}

}  // namespace

std::optional<u32> HostRun::domid_of(const std::string& name) const {
  if (const auto it = domids_.find(name); it != domids_.end()) return it->second;
  if (name.rfind("dom", 0) == 0 && name.size() > 3 && std::isdigit(static_cast<unsigned char>(name[3])))
    return static_cast<u32>(std::strtoul(name.c_str() + 3, nullptr, 10));
  return std::nullopt;
}

/// Its name in the log.
std::string HostRun::console_of(const std::string& source) const {
  const auto it = domids_.find(source);
  return result_.named(it == domids_.end() ? source : fmt::format("dom{}", it->second));
}

bool HostRun::find_text(const WaitConsole& wanted) {
  const std::string source = console_of(wanted.source);
  std::size_t& cursor = text_cursor_[source];
  const std::size_t found = log_.find(source, wanted.pattern, cursor);
  if (found) cursor = found;
  return found != 0;
}

bool HostRun::find_event(const EventPattern& wanted) {
  std::size_t& cursor = event_cursor_[wanted.domain];
  for (std::size_t i = cursor; i < events_.size(); ++i)
    if (matches_event(wanted, events_[i])) return cursor = i + 1, true;
  return false;
}

bool HostRun::matches_event(const EventPattern& p, const Event& e) const {
  if (p.event != e.kind) return false;
  if (!p.state.empty() && p.state != e.state) return false;
  return p.domain.empty() || domid_of(p.domain) == e.domid;
}

/// Memory as xl list counts it: without the pages that the hypervisor shares with the domain.
double HostRun::observed_mib(const std::string& name) const {
  const auto id = domid_of(name);
  for (const auto& row : target_.observation()->ownership().rows)
    if (id && row.owner == *id)
      return static_cast<double>(row.frames - row.by_type[XS_FRAME_SHARED]) / frames_per_mib;
  return 0;
}

std::vector<std::string> HostRun::judge_counter(const ExpectCounter& e) const {
  const Observation* o = target_.observation();
  const auto counters =
      o && is_exposure_counter(e.counter) ? exposure_counters(o->exposures()) : target_.counters();
  const auto it = counters.find(e.counter);
  // Names have been checked at loading. Operations are counted from their first use on.
  const u64 value = it == counters.end() ? 0 : it->second;
  if (e.range.holds(static_cast<double>(value))) return {};
  return {fmt::format("{} is {}, expected {}", result_.named(e.counter), value, e.range.text())};
}

std::vector<std::string> HostRun::judge_event(const ExpectEvent& e) const {
  const auto count = std::count_if(events_.begin(), events_.end(),
                                   [&](const Event& x) { return matches_event(e.pattern, x); });
  if (e.count.holds(static_cast<double>(count))) return {};
  std::string what = result_.named(e.pattern.event);
  for (const std::string* word : {&e.pattern.domain, &e.pattern.state})
    if (!word->empty()) what += " " + *word;
  return {fmt::format("event {} happened {} times, expected {}", what, count, e.count.text())};
}

std::vector<std::string> HostRun::judge_ownership(const ExpectOwnership& w) const {
  u32 owner = XS_OWNER_XEN;
  if (w.owner == "free")
    owner = XS_OWNER_FREE;
  else if (w.owner != "xen")
    owner = domid_of(w.owner).value_or(nobody);
  double frames = 0;
  for (const auto& row : target_.observation()->ownership().rows)
    if (row.owner == owner)
      frames = static_cast<double>(w.type.empty() ? row.frames : row.by_type.at(type_numbers().at(w.type)));
  const double amount = w.in_mib ? frames / frames_per_mib : frames;
  if (w.range.holds(amount)) return {};
  return {fmt::format("{} owns {} {}{}{}, expected {}", result_.named(w.owner), amount,
                      w.in_mib ? "MiB" : "frames", w.type.empty() ? "" : " of type ", w.type,
                      w.range.text())};
}

std::vector<std::string> HostRun::judge(const Expectation& expectation) const {
  if (const auto* c = std::get_if<ExpectCounter>(&expectation.what)) return judge_counter(*c);
  if (const auto* c = std::get_if<ExpectConsole>(&expectation.what)) {
    const bool found = log_.find(console_of(c->source), c->pattern, 0) != 0;
    if (found == c->present) return {};
    return {fmt::format("\"{}\" {} on console {}", c->pattern.text, found ? "appeared" : "did not appear",
                        result_.named(c->source))};
  }
  if (const auto* a = std::get_if<ExpectAnswer>(&expectation.what)) {
    const auto& lines = operator_.answer().lines;
    if (std::any_of(lines.begin(), lines.end(), [&](const auto& l) { return matches(a->pattern, l); }))
      return {};
    return {fmt::format("no line of the answer matches \"{}\"", a->pattern.text)};
  }
  // An oracle is not observed: ownership and events are judged on our machine.
  if (!target_.observation()) return {};
  if (const auto* e = std::get_if<ExpectEvent>(&expectation.what)) return judge_event(*e);
  return judge_ownership(std::get<ExpectOwnership>(expectation.what));
}

}  // namespace xs::scenario
