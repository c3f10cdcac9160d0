// Text on its way into a page.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sim/report/page/document.h"

namespace xs::report {

/// One line of Markdown that shows `text` as it is, also in a table's cell.
std::string markdown_escape(std::string_view text);

/// Reasons of cells without a figure, numbered from 1 in the order in which they are first met.
class Notes {
 public:
  /// Begins with sentences that no cell has.
  explicit Notes(const Table& table) : sentences_(table.notes) {}
  /// The number of the cell's reason; 0: it has none.
  unsigned number_of(const Cell& cell);
  /// Sentences in the order of their numbers.
  const std::vector<std::string>& sentences() const { return sentences_; }

 private:
  std::vector<std::string> sentences_;
};

}  // namespace xs::report
