// The half of the runner that judges: names to domains, memory, expectations.
#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/counter_names.h"
#include "sim/scenario/runner.h"

namespace xs::scenario {
namespace {

constexpr double frames_per_mib = 256;

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

std::optional<u32> Runner::domid_of(const std::string& name) const {
  if (const auto it = domids_.find(name); it != domids_.end()) return it->second;
  if (name.rfind("dom", 0) == 0 && name.size() > 3 && std::isdigit(static_cast<unsigned char>(name[3])))
    return static_cast<u32>(std::strtoul(name.c_str() + 3, nullptr, 10));
  return std::nullopt;
}

std::string Runner::console_of(const std::string& source) const {
  const auto it = domids_.find(source);
  return it == domids_.end() ? source : fmt::format("dom{}", it->second);
}

bool Runner::matches_event(const EventPattern& p, const Event& e) const {
  if (p.event != e.kind) return false;
  if (!p.state.empty() && p.state != e.state) return false;
  return p.domain.empty() || domid_of(p.domain) == e.domid;
}

/// Memory as xl list counts it: without the pages that the hypervisor shares with the domain.
double Runner::memory_mib(const std::string& name) {
  const auto id = domid_of(name);
  if (auto* o = target_.observation()) {
    for (const auto& row : o->ownership().rows)
      if (id && row.owner == *id)
        return static_cast<double>(row.frames - row.by_type[XS_FRAME_SHARED]) / frames_per_mib;
    return 0;
  }
  StepResult unreported;
  type_and_await("list", unreported);
  return listed_mib(operator_.answer().lines, name);
}

std::vector<std::string> Runner::judge(const Expectation& expectation) const {
  const Observation* o = const_cast<Target&>(target_).observation();
  if (const auto* c = std::get_if<ExpectCounter>(&expectation.what)) {
    const auto counters =
        o && is_exposure_counter(c->counter) ? exposure_counters(o->exposures()) : target_.counters();
    const auto it = counters.find(c->counter);
    // Names have been checked at loading. Operations are counted from their first use on.
    const u64 value = it == counters.end() ? 0 : it->second;
    if (c->range.holds(static_cast<double>(value))) return {};
    return {fmt::format("{} is {}, expected {}", c->counter, value, c->range.text())};
  }
  if (const auto* c = std::get_if<ExpectConsole>(&expectation.what)) {
    const bool found = log_.find(console_of(c->source), c->pattern, 0) != 0;
    if (found == c->present) return {};
    return {fmt::format("\"{}\" {} on console {}", c->pattern.text, found ? "appeared" : "did not appear",
                        c->source)};
  }
  if (const auto* a = std::get_if<ExpectAnswer>(&expectation.what)) {
    const auto& lines = operator_.answer().lines;
    if (std::any_of(lines.begin(), lines.end(), [&](const auto& l) { return matches(a->pattern, l); }))
      return {};
    return {fmt::format("no line of the answer matches \"{}\"", a->pattern.text)};
  }
  if (!o) return {};  // an oracle is not observed: ownership and events are judged on our machine
  if (const auto* e = std::get_if<ExpectEvent>(&expectation.what)) {
    const auto count = std::count_if(events_.begin(), events_.end(),
                                     [&](const Event& x) { return matches_event(e->pattern, x); });
    if (e->count.holds(static_cast<double>(count))) return {};
    std::string what = e->pattern.event;
    for (const std::string* word : {&e->pattern.domain, &e->pattern.state})
      if (!word->empty()) what += " " + *word;
    return {fmt::format("event {} happened {} times, expected {}", what, count, e->count.text())};
  }
  const auto& w = std::get<ExpectOwnership>(expectation.what);
  u32 owner = XS_OWNER_XEN;
  if (w.owner == "free")
    owner = XS_OWNER_FREE;
  else if (w.owner != "xen")
    owner = domid_of(w.owner).value_or(XS_OWNER_NONE);
  double frames = 0;
  for (const auto& row : o->ownership().rows)
    if (row.owner == owner)
      frames = static_cast<double>(w.type.empty() ? row.frames : row.by_type.at(type_numbers().at(w.type)));
  const double amount = w.in_mib ? frames / frames_per_mib : frames;
  if (w.range.holds(amount)) return {};
  return {fmt::format("{} owns {} {}{}{}, expected {}", w.owner, amount, w.in_mib ? "MiB" : "frames",
                      w.type.empty() ? "" : " of type ", w.type, w.range.text())};
}

}  // namespace xs::scenario
