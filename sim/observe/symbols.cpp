#include "sim/observe/symbols.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace xs::observe {

std::string Symbolizer::describe(u64 address) const {
  for (const auto& image : images_) {
    if (!image->contains(address)) continue;
    const Function* f = image->function_at(address);
    std::string text = f ? fmt::format("{}: {}+{:#x}", image->name(), f->name, address - f->address)
                         : fmt::format("{}: {:#x}", image->name(), address);
    if (const auto line = image->line_at(address)) text += fmt::format(" ({}:{})", line->file, line->line);
    return text;
  }
  return fmt::format("{:#x}", address);
}

bool Symbolizer::covers(u64 address) const {
  return std::any_of(images_.begin(), images_.end(),
                     [&](const auto& image) { return image->contains(address); });
}

std::string Symbolizer::function(u64 address) const {
  for (const auto& image : images_)
    if (image->contains(address)) {
      const Function* f = image->function_at(address);
      return f ? f->name : std::string();
    }
  return {};
}

std::string Symbolizer::annotate_backtrace(const std::string& console_line) const {
  const std::size_t open = console_line.find("[<");
  const std::size_t close = console_line.find(">]", open);
  if (open == std::string::npos || close == std::string::npos) return console_line;
  std::string_view digits(console_line);
  digits = digits.substr(open + 2, close - open - 2);
  if (digits.starts_with("0x")) digits.remove_prefix(2);
  u64 address = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return console_line;
  // A call that never returns may be its function's last instruction: the return address lies behind the end.
  if (function(address).empty() && !function(address - 1).empty()) --address;
  return console_line + " " + describe(address);
}

}  // namespace xs::observe
