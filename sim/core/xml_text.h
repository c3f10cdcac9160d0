// Text on its way into XML, HTML or anything else that forbids some characters.
#pragma once
#include <string>
#include <string_view>

namespace xs {

/// Length of the well-formed UTF-8 sequence at the front of `s`, or 0 (Unicode 15, table 3-7).
inline std::size_t utf8_length(std::string_view s) {
  const auto at = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xc0) == 0x80; };
  const unsigned c = at(0), second = at(1);
  if (c < 0x80) return 1;
  if (c >= 0xc2 && c <= 0xdf) return tail(1) ? 2 : 0;
  if (c >= 0xe0 && c <= 0xef) {
    const bool range = c == 0xe0 ? second >= 0xa0 : c == 0xed ? second <= 0x9f : true;
    return range && tail(1) && tail(2) ? 3 : 0;
  }
  if (c >= 0xf0 && c <= 0xf4) {
    const bool range = c == 0xf0 ? second >= 0x90 : c == 0xf4 ? second <= 0x8f : true;
    return range && tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

/// XML 1.0, production [2] Char: no control characters but tab and line ends, no U+FFFE and U+FFFF. `s` is
/// one character.
inline bool xml_allows(std::string_view s) {
  const auto c = static_cast<unsigned char>(s[0]);
  if (s.size() == 1) return c >= 0x20 ? c < 0x7f : c == '\t' || c == '\n' || c == '\r';
  return !(s.size() == 3 && c == 0xef && s.substr(1, 1) == "\xbf" &&
           static_cast<unsigned char>(s[2]) >= 0xbe);
}

/// Each character as `special(first byte)` has it, if that is not empty; what is no character, or none that
/// XML allows, as U+FFFD.
template <class Special>
std::string escape_text(std::string_view text, Special special) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = utf8_length(text);
    if (size == 0 || !xml_allows(text.substr(0, size)))
      out += "\xef\xbf\xbd";
    else if (const std::string_view other = special(text[0]); !other.empty())
      out += other;
    else
      out += text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

/// `text` for a text node or an attribute in double quotes, of XML or HTML.
inline std::string xml_escape(std::string_view text) {
  return escape_text(text, [](char c) -> std::string_view {
    switch (c) {
      case '&':
        return "&amp;";
      case '<':
        return "&lt;";
      case '>':
        return "&gt;";
      case '"':
        return "&quot;";
      default:
        return "";
    }
  });
}

}  // namespace xs
