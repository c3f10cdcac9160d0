#include "sim/report/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <regex>

#include "sim/report/bench_lines.h"

namespace xs::report {
namespace {

using scenario::RunResult;
using scenario::StepResult;
using Figure = std::optional<double>;

constexpr double ps_per_us = 1e6, ps_per_ns = 1e3;

std::pair<std::string, std::string> split(const std::string& text, char at) {
  const std::size_t place = text.find(at);
  return {text.substr(0, place), place == std::string::npos ? "" : text.substr(place + 1)};
}

/// A hypercall that nobody has made is not in the report; any other counter that is not there is not counted.
Figure counter(const std::string& name, const RunResult& r) {
  if (name.ends_with(".*")) {
    Figure sum;
    for (const auto& [counted, value] : r.counters)
      if (counted.starts_with(name.substr(0, name.size() - 1)))
        sum = sum.value_or(0) + static_cast<double>(value);
    return sum;
  }
  if (const auto it = r.counters.find(name); it != r.counters.end()) return static_cast<double>(it->second);
  return name.starts_with("hypercall.") && !r.counters.empty() ? Figure(0) : std::nullopt;
}

Figure counters(const std::string& names, const RunResult& r) {
  Figure sum;
  for (std::string rest = names; !rest.empty();) {
    const auto [name, more] = split(rest, ',');
    if (const Figure one = counter(name, r)) sum = sum.value_or(0) + *one;
    rest = more;
  }
  return sum;
}

Figure step(const std::string& what, const RunResult& r) {
  for (const StepResult& s : r.steps)
    if (s.passed && (s.name == what || s.command.starts_with(what)))
      return static_cast<double>(s.end_ps - s.begin_ps) / ps_per_us;
  return std::nullopt;
}

/// What was typed is on the operator's console, and is no news.
template <class Fn>
void each_line(const RunResult& r, Fn fn) {
  for (const scenario::ConsoleLine& line : r.console)
    if (line.source != "operator") fn(line);
}

Figure lines(const std::string& what, const RunResult& r) {
  const auto [from, to] = split(what, '|');
  std::optional<u64> begun, ended;
  each_line(r, [&, begins = from, ends = to](const scenario::ConsoleLine& line) {
    if (begun && !ended && line.text.find(ends) != std::string::npos) ended = line.time_ps;
    if (!begun && line.text.find(begins) != std::string::npos) begun = line.time_ps;
  });
  if (!ended) return std::nullopt;
  return static_cast<double>(*ended - *begun) / ps_per_us;
}

std::string source_of(const std::string& domain, const RunResult& r) {
  for (const auto& [id, name] : r.domain_names)
    if (name == domain) return fmt::format("dom{}", id);
  return domain;
}

Figure operation(const std::string& what, const RunResult& r) {
  const auto [domain, name] = split(what, ':');
  const std::string source = source_of(domain, r);
  u64 now = 0;
  BenchLines all([&now] { return BenchLines::Reading{0, now}; });
  each_line(r, [&](const scenario::ConsoleLine& line) {
    if (line.source != source) return;
    now = line.time_ps;
    all.line(line.text);
  });
  if (!all.done()) return std::nullopt;
  const GuestFigures figures = all.figures();
  const auto found = figures.find(name);
  if (found == figures.end()) return std::nullopt;
  return found->second.cycles / ps_per_ns;
}

u64 pages_held(const observe::P2mShape& s) { return std::accumulate(s.held.begin(), s.held.end(), u64{0}); }
u64 levels_held(const observe::P2mShape& s) {
  return static_cast<u64>(std::count_if(s.held.begin(), s.held.end(), [](u64 n) { return n != 0; }));
}

constexpr struct {
  const char* name;
  u64 (*read)(const observe::P2mShape&);
} fields[] = {
    {"held", pages_held},
    {"levels", levels_held},
    {"own", [](const observe::P2mShape& s) { return s.own_pages; }},
    {"entries", [](const observe::P2mShape& s) { return s.entries; }},
    {"same", [](const observe::P2mShape& s) { return s.same; }},
    {"read-only", [](const observe::P2mShape& s) { return s.read_only; }},
    {"foreign", [](const observe::P2mShape& s) { return s.foreign; }},
    {"granted", [](const observe::P2mShape& s) { return s.granted; }},
    {"shared", [](const observe::P2mShape& s) { return s.shared; }},
};

Figure p2m(const std::string& what, const RunResult& r) {
  const auto [domain, field] = split(what, ':');
  const std::string source = source_of(domain, r);
  Figure most;
  for (const StepResult& s : r.steps)
    for (const observe::P2mShape& shape : s.p2m) {
      if (fmt::format("dom{}", shape.domid) != source) continue;
      for (const auto& f : fields)
        if (field == f.name) most = std::max(most.value_or(0), static_cast<double>(f.read(shape)));
    }
  return most;
}

constexpr struct {
  const char* name;
  u64 (*read)(const observe::Exposure&);
} exposed_fields[] = {{"words", [](const observe::Exposure& e) { return e.words; }},
                      {"own", [](const observe::Exposure& e) { return e.own; }},
                      {"others", [](const observe::Exposure& e) { return e.others; }},
                      {"frames", [](const observe::Exposure& e) { return e.frames; }}};

Figure exposed(const std::string& what, const RunResult& r) {
  const auto [domain, field] = split(what, ':');
  const std::string source = source_of(domain, r);
  Figure most;
  for (const StepResult& s : r.steps)
    for (const observe::Exposure& e : s.exposed) {
      if (fmt::format("dom{}", e.domid) != source) continue;
      for (const auto& f : exposed_fields)
        if (field == f.name) most = std::max(most.value_or(0), static_cast<double>(f.read(e)));
    }
  return most;
}

/// Sums of types; no types: all frames.
const std::map<std::string, std::vector<unsigned>> frame_kinds = {
    {"all", {}},
    {"L1", {XS_FRAME_L1}},
    {"upper", {XS_FRAME_L2, XS_FRAME_L3, XS_FRAME_L4}},
    {"tables", {XS_FRAME_L1, XS_FRAME_L2, XS_FRAME_L3, XS_FRAME_L4}},
    {"shadow", {XS_FRAME_SHADOW}},
};

u64 frames_in(const observe::OwnershipTable& table, const std::string& source, const std::string& kind) {
  u64 frames = 0;
  const std::vector<unsigned>& types = frame_kinds.at(kind);
  for (const observe::OwnershipRow& row : table.rows) {
    if (source != "*" && source != fmt::format("dom{}", row.owner)) continue;
    if (types.empty()) frames += row.frames;
    for (const unsigned type : types) frames += row.by_type[type];
  }
  return frames;
}

Figure frames(const std::string& what, const RunResult& r) {
  const auto [owner, type] = split(what, ':');
  const std::string source = source_of(owner, r);
  Figure most;
  for (const StepResult& s : r.steps)
    if (s.observed)
      most = std::max(most.value_or(0), static_cast<double>(frames_in(s.ownership, source, type)));
  return most;
}

std::vector<double> numbers(const std::string& pattern, const RunResult& r) {
  const std::regex wanted(pattern);
  std::vector<double> found;
  each_line(r, [&](const scenario::ConsoleLine& line) {
    std::smatch match;
    if (std::regex_search(line.text, match, wanted) && match.size() > 1) found.push_back(std::stod(match[1]));
  });
  return found;
}

Figure number(Measure::From from, const std::string& pattern, const RunResult& r) {
  const std::vector<double> all = numbers(pattern, r);
  if (all.empty()) return std::nullopt;
  if (from == Measure::From::least_number) return *std::min_element(all.begin(), all.end());
  return from == Measure::From::first_number ? all.front() : all.back();
}

Figure read(const Measure& m, const RunResult& r) {
  switch (m.from) {
    case Measure::From::counters:
      return counters(m.what, r);
    case Measure::From::time:
      return static_cast<double>(r.simulated_ps) / ps_per_us;
    case Measure::From::step:
      return step(m.what, r);
    case Measure::From::lines:
      return lines(m.what, r);
    case Measure::From::operation:
      return operation(m.what, r);
    case Measure::From::p2m:
      return p2m(m.what, r);
    case Measure::From::exposed:
      return exposed(m.what, r);
    case Measure::From::frames:
      return frames(m.what, r);
    default:
      return number(m.from, m.what, r);
  }
}

}  // namespace

Figure figure_of(const Measure& m, const RunResult& r) {
  const Figure value = read(m, r);
  return value ? Figure(*value * m.scale) : value;
}

std::string figure_text(double value, int digits) {
  std::string text = fmt::format("{:.{}f}", value, digits);
  return text.find_first_not_of("-0.") == std::string::npos && text[0] == '-' ? text.substr(1) : text;
}

}  // namespace xs::report
