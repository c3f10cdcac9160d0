#include "sim/report/page/text.h"

#include <algorithm>

namespace xs::report {
namespace {

/// Bytes of the UTF-8 character that begins `text` and that XML 1.0 allows (2.2); 0: there is none.
std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(0);
  if (first < 0x80) return first >= 0x20 || first == '\t' || first == '\n' ? 1 : 0;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  unsigned code = first & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < least[size] || code > 0x10ffff || surrogate || code == 0xfffe || code == 0xffff ? 0 : size;
}

template <class Special>
std::string escape(std::string_view text, Special special) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = character(text);
    if (size == 0)
      out += "\xef\xbf\xbd";
    else if (const std::string_view other = special(text[0]); !other.empty())
      out += other;
    else
      out += text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

}  // namespace

std::string html_escape(std::string_view text) {
  return escape(text, [](char c) -> std::string_view {
    switch (c) {
      case '&':
        return "&amp;";
      case '<':
        return "&lt;";
      case '>':
        return "&gt;";
      case '"':
        return "&quot;";
      case '\'':
        return "&#39;";
      default:
        return "";
    }
  });
}

std::string markdown_escape(std::string_view text) {
  return escape(text, [](char c) -> std::string_view {
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
