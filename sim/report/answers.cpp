#include "sim/report/answers.h"

#include <fmt/format.h>

namespace xs::report {
namespace {

/// The matrix itself: which model there is, in the words of who refuses it.
Section models(Columns& columns) {
  Section s{"models", "The memory models, and where there are which", {}};
  s.blocks.push_back(
      Paragraph{"A guest's page numbers are either the machine's or its own. The columns of all tables are "
                "these setups: dom0 has one model, the domains "
                "that it builds another. A setup that an architecture does not have is refused by the "
                "hypervisor or by the toolstack, in the words below "
                "the table; in the tables that follow its columns say so."});
  Table t{"Who has which model", "setup", {}, {}};
  for (const char* head : {"dom0", "domains"}) t.columns.push_back({"", head});
  for (const Architecture& a : architectures())
    for (const char* head : {"dom0", "domains"}) t.columns.push_back({a.title, head});
  const Cell there{Cell::Kind::figure, "yes", ""};
  for (const Setup& setup : setups()) {
    Row row{setup.name, {{Cell::Kind::text, setup.dom0_model, ""}, {Cell::Kind::text, setup.model, ""}}};
    for (const Column& c : columns.all()) {
      if (c.setup != &setup) continue;
      row.cells.push_back(columns.no_dom0(c).value_or(there));
      row.cells.push_back(columns.no_domain(c).value_or(there));
    }
    if (row.cells.size() > 2) t.rows.push_back(std::move(row));
  }
  s.blocks.push_back(std::move(t));
  Commands how{"Each setup is asked for by name:", {}};
  for (const Column& c : columns.all()) how.lines.push_back(command_of(columns.offered_key(c)));
  s.blocks.push_back(std::move(how));
  return s;
}

void add_table(Columns& columns, const TableSpec& spec, Section& section) {
  const Workload& w = workload_named(spec.workload);
  Table t{spec.caption, "", {}, {}};
  for (const Column& c : columns.all()) t.columns.push_back(c.head());
  for (const Measure& m : spec.rows) t.rows.push_back(columns.row(w, m, spec.per_unit));
  Plot plot = spec.bars != nullptr ? bars_of(t, spec.barred, spec.bars) : Plot{};
  section.blocks.push_back(folded(std::move(t)));
  if (spec.bars != nullptr) section.blocks.push_back(std::move(plot));
  section.blocks.push_back(columns.commands(w, spec.rows, spec.per_unit));
}

Section answer(Columns& columns, const Facts& facts, const Question& q) {
  Section s{q.id, q.title, {Paragraph{q.asked}, Paragraph{q.reading}}};
  bool left_out = false;
  if (std::string(q.id) == "grants") add_grants(columns, s);
  for (const TableSpec& spec : tables()) {
    if (std::string(spec.question) != q.id) continue;
    if (spec.quick || !facts.quick)
      add_table(columns, spec, s);
    else
      left_out = true;
  }
  if (std::string(q.id) == "code") {
    add_code(facts, s);
    if (!facts.quick)
      add_drivers(columns, s);
    else
      left_out = true;
  }
  if (std::string(q.id) == "binary") add_binary(columns, facts, s);
  if (std::string(q.id) == "migration") add_migration(columns, s);
  if (left_out)
    s.blocks.push_back(Paragraph{"The small report (--quick) leaves tables of this section out."});
  return s;
}

}  // namespace

Document p2m_report(Runs& runs, const Facts& facts) {
  Columns columns(runs, facts.quick);
  Document d{
      "P==M or P2M: the questions of 2005, answered by runs",
      {"In 2005 the developers of Xen/x86 and Xen/ia64 debated whether a guest's physical page "
       "numbers should be the machine's (P==M) or "
       "should be translated by a table (P2M). This page runs the same kernel in each memory model on "
       "both architectures and counts. "
       "Times are simulated, under the timing model's defaults (a cycle an instruction at 1 GHz, more for "
       "exceptions, page walks and devices); counts need no such assumption.",
       fmt::format("Made by: ./xenoscope report p2m --out DIR{}. Each number is of the runs that are "
                   "named below its table; the same command "
                   "gives the same page. A dash: there is nothing to count.",
                   facts.quick ? " --quick" : "")},
      {}};
  d.sections.push_back(models(columns));
  for (const Question& q : questions()) d.sections.push_back(answer(columns, facts, q));
  return d;
}

}  // namespace xs::report
