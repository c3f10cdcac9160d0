#include "sim/report/page/text.h"

#include <algorithm>

#include "sim/core/xml_text.h"

namespace xs::report {

std::string markdown_escape(std::string_view text) {
  return escape_text(text, [](char c) -> std::string_view {
    switch (c) {
      case '\n':
        return " ";
      case '|':
        return "\\|";
      case '*':
        return "\\*";
      case '_':
        return "\\_";
      case '`':
        return "\\`";
      case '[':
        return "\\[";
      case ']':
        return "\\]";
      case '<':
        return "&lt;";
      case '\\':
        return "\\\\";
      default:
        return "";
    }
  });
}

unsigned Notes::number_of(const Cell& cell) {
  if (cell.why.empty()) return 0;
  const char* kind = cell.kind == Cell::Kind::refused  ? "refused: "
                     : cell.kind == Cell::Kind::failed ? "failed: "
                                                       : "";
  const std::string sentence = kind + cell.why;
  const auto at = std::find(sentences_.begin(), sentences_.end(), sentence);
  const auto number = static_cast<unsigned>(at - sentences_.begin()) + 1;
  if (at == sentences_.end()) sentences_.push_back(sentence);
  return number;
}

}  // namespace xs::report
