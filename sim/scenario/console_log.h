// Everything that was printed, line by line, taken apart by source.
//
//     serial bytes ──SerialSplitter──> (XEN) ... -> "xen"   (d3) ... -> "dom3"   else -> "serial"
//     operator bytes ─OperatorChannel─> lines -> "operator",  "xl> " -> prompt
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/types.h"
#include "sim/scenario/scenario.h"

namespace xs::scenario {

struct ConsoleLine {
  std::string source;
  std::string text;
  u64 time_ps = 0;
};

/// Cuts a byte stream into lines: CR dropped, control characters made visible (\x1b), over-long lines cut.
class LineCutter {
 public:
  static constexpr std::size_t max_line = 1024;
  using Emit = std::function<void(std::string line, u64 time_ps)>;
  explicit LineCutter(Emit emit) : emit_(std::move(emit)) {}
  void feed(std::string_view bytes, u64 time_ps);
  /// Emits what has no line end yet.
  void flush(u64 time_ps);
  const std::string& partial() const { return partial_; }
  void drop_partial() { partial_.clear(); }

 private:
  Emit emit_;
  std::string partial_;
};

/// Source and text of one line of the serial stream.
ConsoleLine split_serial_line(const std::string& line, u64 time_ps);

class ConsoleLog {
 public:
  static constexpr std::size_t max_lines = 1'000'000;
  /// False when the log is full; the line is dropped.
  bool add(ConsoleLine line);
  const std::vector<ConsoleLine>& lines() const { return lines_; }
  /// Indexes into lines() of what `source` printed.
  const std::vector<std::size_t>& of(const std::string& source) const;
  /// Position within of(source) behind the first line at or after `from` that matches; 0 when none.
  std::size_t find(const std::string& source, const TextPattern& pattern, std::size_t from) const;

 private:
  std::vector<ConsoleLine> lines_;
  std::map<std::string, std::vector<std::size_t>> by_source_;
};

bool matches(const TextPattern& pattern, const std::string& line);

}  // namespace xs::scenario
