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

struct Payload {
  std::string name, what;
  bool in_mips = false;  ///< shown in million instructions per second; otherwise nanoseconds per operation
  std::vector<Row> rows;
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

/// A figure per row and its ratio to the yardsticks "unicorn" and "qemu" (above 1 is faster than they).
std::string text_of(const PayloadResult& result);
std::string json_of(const std::vector<PayloadResult>& results);

}  // namespace xs::bench
