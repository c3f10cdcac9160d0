#include "sim/report/bench_lines.h"

#include <algorithm>
#include <cstdio>

#include "sim/core/error.h"

namespace xs::report {
namespace {

constexpr std::string_view mark = "bench ";

/// Behind "(d1) bench[3]: ": what the program said.
std::string_view said(std::string_view text) {
  const std::size_t at = text.rfind(mark);
  return at == std::string_view::npos ? "" : text.substr(at + mark.size());
}

Count per_operation(u64 operations, const BenchLines::Reading& few, u64 more_operations,
                    const BenchLines::Reading& more) {
  const auto n = static_cast<double>(more_operations - operations);
  return {static_cast<double>(more.instructions - few.instructions) / n,
          static_cast<double>(more.cycles - few.cycles) / n};
}

}  // namespace

void BenchLines::line(const std::string& text) {
  const std::string what(said(text));
  unsigned long long operations = 0;
  if (what == "done") done_ = true;
  if (what == "ready") {
    const Reading now = read_();
    ready_ = {static_cast<double>(now.instructions - boot_.instructions),
              static_cast<double>(now.cycles - boot_.cycles)};
  }
  if (what.starts_with("begin ")) {
    name_ = what.substr(6);
    begun_ = read_();
  }
  if (std::sscanf(what.c_str(), "end %llu", &operations) != 1 || name_.empty()) return;
  const Reading now = read_();
  const Reading taken = {now.instructions - begun_.instructions, now.cycles - begun_.cycles};
  const auto [it, first] = least_[name_].try_emplace(operations, taken);
  it->second.instructions = std::min(it->second.instructions, taken.instructions);
  it->second.cycles = std::min(it->second.cycles, taken.cycles);
  name_.clear();
}

GuestFigures BenchLines::figures() const {
  if (!ready_ || !done_) throw Error("the guest did not come to the end of its measurements");
  GuestFigures all = {{"boot", *ready_}};
  for (const auto& [name, by_count] : least_) {
    if (by_count.size() != 2) throw Error("the guest did not measure " + name + " twice");
    const auto few = by_count.begin(), more = std::next(few);
    all[name] = per_operation(few->first, few->second, more->first, more->second);
  }
  return all;
}

}  // namespace xs::report
