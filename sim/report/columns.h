// Columns of the report's tables and what stands in their cells: an architecture in a setup, each asked first
// whether there is such a thing.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sim/report/matrix.h"
#include "sim/report/page/document.h"

namespace xs::report {

struct Column {
  const Architecture* arch = nullptr;
  const Setup* setup = nullptr;
  TableColumn head() const { return {arch->title, setup->name}; }
};

using Words = std::vector<std::string>;

class Columns {
 public:
  Columns(Runs& runs, bool quick);
  const std::vector<Column>& all() const { return columns_; }
  bool quick() const { return quick_; }

  /// What the measure says of a workload in a column: of the run with `vary.to`, or of one unit. `more`:
  /// further settings.
  Cell cell(const Column& c, const Workload& w, const Measure& m, bool per_unit, const Words& more = {});
  /// One row: the measure in all columns.
  Row row(const Workload& w, const Measure& m, bool per_unit, const Words& more = {});
  /// Lines that run what those cells are made of, a column each; `vary`: values of the further settings, as
  /// --vary takes them.
  Commands commands(const Workload& w, const std::vector<Measure>& measures, bool per_unit,
                    const Words& vary = {});

  /// Whether there is dom0's model, and the domain's under it: a figure-less cell that says why not, else
  /// nothing.
  std::optional<Cell> no_dom0(const Column& c);
  std::optional<Cell> no_domain(const Column& c);
  /// dom0's answer to the step of that name in the scenario that asks what is offered; null when there is
  /// none.
  const std::string* offered_answer(const Column& c, const std::string& step);
  RunKey offered_key(const Column& c) const;
  Runs& runs() { return runs_; }

 private:
  std::optional<Cell> unavailable(const Column& c, const Workload& w);
  RunKey key(const Column& c, const Workload& w, const char* value, const Words& more) const;

  Runs& runs_;
  const bool quick_;
  std::vector<Column> columns_;
};

/// Bars for the first rows of a table: the columns in which they have figures.
Plot bars_of(const Table& table, unsigned rows, const std::string& y);

}  // namespace xs::report
