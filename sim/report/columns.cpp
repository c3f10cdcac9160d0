#include "sim/report/columns.h"

#include <fmt/format.h>

#include <algorithm>

namespace xs::report {
namespace {

/// A cell that says why there is nothing; none when there is something.
std::optional<Cell> without(const Outcome& o) {
  if (o.kind == Outcome::Kind::done) return std::nullopt;
  if (o.kind == Outcome::Kind::caught) return Cell{Cell::Kind::text, "caught", o.why};
  return Cell{o.kind == Outcome::Kind::refused ? Cell::Kind::refused : Cell::Kind::failed, "", o.why};
}

/// What `compare` prints; the rest is in the reports of single runs.
bool compared(const Measure& m) {
  return m.from == Measure::From::counters || m.from == Measure::From::time || m.from == Measure::From::step;
}

}  // namespace

Columns::Columns(Runs& runs, bool quick) : runs_(runs), quick_(quick) {
  for (const Architecture& arch : architectures())
    for (const Setup& setup : setups())
      if (setup.quick || !quick) columns_.push_back({&arch, &setup});
}

RunKey Columns::offered_key(const Column& c) const {
  return {offered_scenario,
          c.arch->name,
          {fmt::format("words=dom0_model={}", c.setup->dom0_model), fmt::format("model={}", c.setup->model)}};
}

std::optional<Cell> Columns::no_dom0(const Column& c) {
  const scenario::RunResult* r = runs_.find(offered_key(c));
  return r == nullptr ? std::optional(Cell{}) : without(dom0_offered(*r));
}

const std::string* Columns::offered_answer(const Column& c, const std::string& step) {
  const scenario::RunResult* r = runs_.find(offered_key(c));
  if (r == nullptr) return nullptr;
  for (const scenario::StepResult& s : r->steps)
    if (s.name == step && !s.answer.empty()) return &s.answer.back();
  return nullptr;
}

std::optional<Cell> Columns::no_domain(const Column& c) {
  const scenario::RunResult* r = runs_.find(offered_key(c));
  return r == nullptr ? std::optional(Cell{}) : without(domain_offered(*r));
}

std::optional<Cell> Columns::unavailable(const Column& c, const Workload& w) {
  if (std::optional<Cell> no = w.domains ? no_domain(c) : no_dom0(c)) return no;
  if (w.model == nullptr || std::string(w.model) == c.setup->model) return std::nullopt;
  return Cell{Cell::Kind::none, "", fmt::format("the scenario's domain is always {}", w.model)};
}

RunKey Columns::key(const Column& c, const Workload& w, const char* value, const Words& more) const {
  RunKey k{w.scenario, c.arch->name, {fmt::format("dom0_model={}", c.setup->dom0_model)}};
  if (w.domains) k.settings.push_back(fmt::format("model={}", c.setup->model));
  if (w.setting != nullptr) k.settings.emplace_back(w.setting);
  k.settings.insert(k.settings.end(), more.begin(), more.end());
  if (w.vary.parameter != nullptr) k.settings.push_back(fmt::format("{}={}", w.vary.parameter, value));
  return k;
}

Cell Columns::cell(const Column& c, const Workload& w, const Measure& m, bool per_unit, const Words& more) {
  if (const std::optional<Cell> no = unavailable(c, w)) return *no;
  const RunKey key_to = key(c, w, w.vary.to, more), key_from = key(c, w, w.vary.from, more);
  const scenario::RunResult* to = runs_.find(key_to);
  const scenario::RunResult* from = per_unit ? runs_.find(key_from) : to;
  if (to == nullptr || from == nullptr) return {};
  if (const std::optional<Cell> no = without(outcome_of(key_to, *to))) return *no;
  if (const std::optional<Cell> no = without(outcome_of(key_from, *from))) return *no;
  const std::optional<double> high = figure_of(m, *to), low = figure_of(m, *from);
  if (!high || !low) return {};
  const double value = per_unit ? (*high - *low) / w.vary.units : *high;
  return {Cell::Kind::figure, figure_text(value, m.digits), ""};
}

Row Columns::row(const Workload& w, const Measure& m, bool per_unit, const Words& more) {
  Row row{m.name, {}};
  for (const Column& c : columns_) row.cells.push_back(cell(c, w, m, per_unit, more));
  return row;
}

Commands Columns::commands(const Workload& w, const std::vector<Measure>& measures, bool per_unit,
                           const Words& vary) {
  const bool compare = per_unit && std::all_of(measures.begin(), measures.end(), compared);
  Commands out{per_unit ? fmt::format("The runs. A figure is (run with {0}={2} − run with {0}={1}) / {3:g}:",
                                      w.vary.parameter, w.vary.from, w.vary.to, w.vary.units)
                        : "The runs:",
               {}};
  const auto add = [&out](const std::string& line) {  // columns may differ by what this workload has not
    if (std::find(out.lines.begin(), out.lines.end(), line) == out.lines.end()) out.lines.push_back(line);
  };
  for (const Column& c : columns_) {
    if (unavailable(c, w)) continue;
    if (compare) {
      std::string line =
          fmt::format("./xenoscope compare scenarios/{} --arch {} --models {} --set dom0_model={}",
                      w.scenario, c.arch->name, c.setup->model, c.setup->dom0_model);
      if (w.setting != nullptr) line += fmt::format(" --set {}", w.setting);
      for (const std::string& values : vary) line += " --vary " + values;
      add(line + fmt::format(" --vary {}={},{}", w.vary.parameter, w.vary.from, w.vary.to));
      continue;
    }
    if (per_unit) add(command_of(key(c, w, w.vary.from, {})) + " --json from.json");
    add(command_of(key(c, w, w.vary.to, {})) + (per_unit ? " --json to.json" : " --json run.json"));
  }
  return out;
}

Plot bars_of(const Table& table, unsigned rows, const std::string& y) {
  Plot plot{table.caption, "", y, {}, {}};
  const auto has = [](const Row& row, std::size_t i) {
    return i < row.cells.size() && row.cells[i].kind == Cell::Kind::figure;
  };
  for (std::size_t r = 0; r < std::min<std::size_t>(rows, table.rows.size()); ++r)
    plot.series.push_back({table.rows[r].name, {}});
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    bool any = false;
    for (std::size_t r = 0; r < plot.series.size(); ++r) {
      if (!has(table.rows[r], i)) continue;
      any = true;
      plot.series[r].points.push_back(
          {static_cast<double>(plot.bars.size()), std::stod(table.rows[r].cells[i].text)});
    }
    if (any) plot.bars.push_back(table.columns[i].group + " " + table.columns[i].name);
  }
  return plot;
}

}  // namespace xs::report
