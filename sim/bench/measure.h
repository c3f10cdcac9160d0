// A measurement is a process whose standard output has the two lines of a payload; the time between them is
// taken by the reader.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "sim/core/types.h"

namespace xs::bench {

struct Measurement {
  u64 nanoseconds = 0;
  u64 operations = 0, checksum = 0;  ///< as the payload says
  u64 instructions = 0;              ///< 0: not counted
};

/// What a program that has several payloads says, by the name in "bench begin NAME".
using Measurements = std::map<std::string, Measurement>;

/// Runs a command to its end. Throws Error when it cannot be started or does not print the lines; its other
/// output is in the message then.
Measurement measure(const std::vector<std::string>& command);
Measurements measure_all(const std::vector<std::string>& command);

/// What a command that ends with 0 prints; its standard error is this process's. Throws Error.
std::string output_of(const std::vector<std::string>& command);

/// True when a program of this name is in $PATH.
bool program_exists(const std::string& name);

}  // namespace xs::bench
