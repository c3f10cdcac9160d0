// What a run leaves behind. Reports are made from this alone; as JSON it also travels between processes.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "sim/core/error.h"
#include "sim/observe/ownership.h"
#include "sim/scenario/console_log.h"

namespace xs::scenario {

inline constexpr int exit_interrupted = 130;  ///< SIGINT, as shells report it

struct StepResult {
  std::string name, pointer;
  u32 line = 0;
  bool passed = false;
  bool timed_out = false;  ///< a wait was not satisfied in time
  u64 begin_ps = 0, end_ps = 0;
  std::string command;                     ///< typed on the operator channel
  std::vector<std::string> answer;         ///< its answer, status line included
  std::vector<std::string> problems;       ///< why it did not pass
  std::vector<std::string> skipped;        ///< invariants that were not applied after the step, and why
  bool observed = false;                   ///< `ownership` is set
  observe::OwnershipTable ownership;       ///< after the step
  std::vector<observe::P2mShape> p2m;      ///< after the step
  std::vector<observe::Exposure> exposed;  ///< after a step that asks for it, and after the last one
};

struct RunResult {
  std::string scenario, description, file, arch;
  u64 seed = 1;
  int exit_code = 0;    ///< ExitCode, or exit_interrupted
  std::string message;  ///< one sentence: why it is not 0
  std::vector<StepResult> steps;
  std::vector<ConsoleLine> console;
  std::vector<std::string> backtrace;  ///< after a crash or hang: symbolized
  std::map<std::string, u64> counters;
  std::map<u32, std::string> domain_names;  ///< by domain id
  std::map<std::string, std::string> p2m;   ///< "dom1" -> dump
  u64 simulated_ps = 0;
  double wall_s = 0;
  u64 execution_hash = 0, trace_hash = 0;
  bool observed = false;

  /// "file:line: /path: problem"; boot has no place in the file but the file.
  std::string located(const StepResult& step, const std::string& problem) const;
  /// The step that did not pass, or null.
  const StepResult* failed_step() const;
};

/// Frames of `owner` in `table`, 0 when it has none.
u64 frames_of(const observe::OwnershipTable& table, u32 owner);

/// The worst exit code among results: 130, 6, 124, 5, 4, 3, 0.
int worst_exit_code(const std::vector<RunResult>& results);

/// "success", "failure", "crash", "timeout", ...
const char* verdict_name(int exit_code);

}  // namespace xs::scenario
