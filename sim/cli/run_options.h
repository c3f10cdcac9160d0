// What `run` and its worker processes have in common.
#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/cli/gdb_options.h"
#include "sim/scenario/scenario.h"

namespace xs::cli {

/// Wall clock limit in place of a scenario's own while somebody debugs: a week.
inline constexpr u64 patient_s = 7 * 24 * 3600;

struct RunOptions {
  std::vector<std::string> paths;
  std::vector<std::string> settings;  ///< name=value
  std::optional<u64> seed;
  std::string arch = "x86_64";
  std::string trace, perfetto, out;
  GdbOptions gdb;
  // only `run`:
  unsigned jobs = 1;
  std::string junit, json, filter;
  bool verbose = false;
};

/// Loads and checks a scenario with the options' settings and seed; throws Error.
scenario::Scenario load_with_options(const std::string& file, const RunOptions& options);

/// --set and --seed.
void add_scenario_options(CLI::App& command, RunOptions& options);

}  // namespace xs::cli
