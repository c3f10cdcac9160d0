#include <fmt/format.h>

#include <algorithm>

#include "sim/report/page/document.h"

namespace xs::report {
namespace {

/// The one sentence that says why no row of a column has a figure; "" when there is none such.
std::string reason_of(const Table& table, std::size_t column) {
  std::string why;
  for (const Row& row : table.rows) {
    if (row.cells.empty()) continue;  // a heading
    const Cell& cell = row.cells[column];
    if (cell.kind != Cell::Kind::refused && cell.kind != Cell::Kind::none) return "";
    const std::string said = (cell.kind == Cell::Kind::refused ? "refused: " : "") + cell.why;
    if (cell.why.empty() || (!why.empty() && why != said)) return "";
    why = said;
  }
  return why;
}

void erase_column(Table& table, std::size_t column) {
  const auto at = static_cast<std::ptrdiff_t>(column);
  table.columns.erase(table.columns.begin() + at);
  for (Row& row : table.rows)
    if (!row.cells.empty()) row.cells.erase(row.cells.begin() + at);
}

}  // namespace

Table folded(Table table) {
  std::vector<std::string> reasons;
  for (std::size_t i = 0; i < table.columns.size(); ++i) reasons.push_back(reason_of(table, i));
  if (std::none_of(reasons.begin(), reasons.end(), [](const std::string& why) { return why.empty(); }))
    return table;
  std::vector<std::string> told;
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (reasons[i].empty() || std::find(told.begin(), told.end(), reasons[i]) != told.end()) continue;
    told.push_back(reasons[i]);
    std::string names;
    for (std::size_t other = i; other < reasons.size(); ++other)
      if (reasons[other] == reasons[i])
        names += fmt::format("{}{} {}", names.empty() ? "" : ", ", table.columns[other].group,
                             table.columns[other].name);
    table.notes.push_back(fmt::format("{}: {}", names, reasons[i]));
  }
  for (std::size_t i = reasons.size(); i-- > 0;)
    if (!reasons[i].empty()) erase_column(table, i);
  return table;
}

}  // namespace xs::report
