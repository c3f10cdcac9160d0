// What the guest kernel's verb `bench` says (guests/kernel/bench), with counters read when its lines come
// out.
//
//     guest: "bench begin X"  ... 100 times X ...  "bench end 100"     counters: c + 100 x
//            "bench begin X"  ... 200 times X ...  "bench end 200"               c + 200 x   -> x
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "sim/core/types.h"

namespace xs::report {

struct Count {
  double instructions = 0, cycles = 0;
};

/// What one operation costs, by its name; "boot": from the kernel's first instruction to its first command.
using GuestFigures = std::map<std::string, Count>;

/// Follows the lines of a serial line.
class BenchLines {
 public:
  struct Reading {
    u64 instructions = 0, cycles = 0;
  };
  explicit BenchLines(std::function<Reading()> read) : read_(std::move(read)) {}
  /// The kernel's first instruction is executed about now.
  void kernel_begins() { boot_ = read_(); }
  void line(const std::string& text);
  bool done() const { return done_; }
  /// Throws Error when the lines were not complete.
  GuestFigures figures() const;

 private:
  const std::function<Reading()> read_;
  Reading boot_, begun_;
  std::optional<Count> ready_;
  std::string name_;  ///< of the measurement that has begun
  bool done_ = false;
  /// The least of all rounds, by name and number of operations.
  std::map<std::string, std::map<u64, Reading>> least_;
};

}  // namespace xs::report
