// Payloads, rows and what came out of them: the best of several rounds, rows interleaved so that a slow
// moment of the host hits all of them.
//
//     payload  x  row (how it is run)  ->  Cell: best nanoseconds, operations, instructions
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/bench/measure.h"

namespace xs::bench {

struct Row {
  std::string name;
  std::vector<std::string> command;
};

/// How a figure is shown: nanoseconds per operation, million instructions or operations per second.
enum class Figure : u8 { ns_per_operation, mips, millions };

struct Payload {
  std::string name, what;
  Figure shown = Figure::ns_per_operation;
  std::vector<Row> rows;
  std::vector<std::string> yardsticks = {"unicorn", "qemu"};  ///< rows that others are compared with
};

struct Cell {
  std::string row;
  Measurement best;
};

struct PayloadResult {
  const Payload* payload = nullptr;
  std::vector<Cell> cells;
  u64 instructions = 0;  ///< of the payload, from the row that counts them

  const Cell* find(const std::string& row) const;
};

/// Throws Error when two rows disagree about the checksum: then they did not run the same thing.
PayloadResult run_payload(const Payload& payload, unsigned rounds,
                          const std::function<void(unsigned round, const std::string& row)>& progress);

/// The same for payloads that one program has all of: each row is one process a round. All have the same
/// rows.
std::vector<PayloadResult> run_suite(
    const std::vector<Payload>& payloads, unsigned rounds,
    const std::function<void(unsigned round, const std::string& row)>& progress);

/// A figure per row and its ratio to the yardsticks (above 1 is faster than they).
std::string text_of(const PayloadResult& result);
std::string json_of(const std::vector<PayloadResult>& results);

}  // namespace xs::bench
