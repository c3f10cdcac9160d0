#include "sim/scenario/console_log.h"

#include <fmt/format.h>

#include <cctype>
#include <regex>

namespace xs::scenario {

void LineCutter::feed(std::string_view bytes, u64 time_ps) {
  for (const char c : bytes) {
    if (c == '\n') {
      emit_(std::move(partial_), time_ps);
      partial_.clear();
      continue;
    }
    if (c == '\r') continue;
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 && c != '\t')
      partial_ += fmt::format("\\x{:02x}", u);
    else if (u >= 0x7f)
      partial_ += fmt::format("\\x{:02x}", u);  // guests speak ASCII; keep reports UTF-8
    else
      partial_ += c;
    if (partial_.size() >= max_line) flush(time_ps);
  }
}

void LineCutter::flush(u64 time_ps) {
  if (partial_.empty()) return;
  emit_(std::move(partial_), time_ps);
  partial_.clear();
}

ConsoleLine split_serial_line(const std::string& line, u64 time_ps) {
  if (line.rfind("(XEN)", 0) == 0)
    return {"xen", line.substr(line.size() > 5 && line[5] == ' ' ? 6 : 5), time_ps};
  if (line.rfind("(d", 0) == 0) {
    std::size_t end = 2;
    while (end < line.size() && std::isdigit(static_cast<unsigned char>(line[end]))) ++end;
    if (end > 2 && end < line.size() && line[end] == ')')
      return {"dom" + line.substr(2, end - 2), line.substr(std::min(line.size(), end + 2)), time_ps};
  }
  return {"serial", line, time_ps};
}

bool ConsoleLog::add(ConsoleLine line) {
  if (lines_.size() >= max_lines) return false;
  by_source_[line.source].push_back(lines_.size());
  lines_.push_back(std::move(line));
  return true;
}

const std::vector<std::size_t>& ConsoleLog::of(const std::string& source) const {
  static const std::vector<std::size_t> none;
  const auto it = by_source_.find(source);
  return it == by_source_.end() ? none : it->second;
}

std::size_t ConsoleLog::find(const std::string& source, const TextPattern& pattern, std::size_t from) const {
  const auto& indexes = of(source);
  if (from >= indexes.size()) return 0;
  const std::regex expression(pattern.regex ? pattern.text : std::string());
  for (std::size_t i = from; i < indexes.size(); ++i) {
    const std::string& text = lines_[indexes[i]].text;
    if (pattern.regex ? std::regex_search(text, expression) : text.find(pattern.text) != std::string::npos)
      return i + 1;
  }
  return 0;
}

bool matches(const TextPattern& pattern, const std::string& line) {
  if (!pattern.regex) return line.find(pattern.text) != std::string::npos;
  return std::regex_search(line, std::regex(pattern.text));
}

}  // namespace xs::scenario
