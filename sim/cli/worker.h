// Worker processes: one per scenario, started and watched by `run`.
#pragma once
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "sim/cli/run_options.h"
#include "sim/scenario/result.h"

namespace xs::cli {

struct Job {
  std::string file;
  std::string name;      ///< the scenario's; the file's stem while it cannot be loaded
  std::string out;       ///< artifact directory, or ""
  u64 wall_limit_s = 0;  ///< the worker gives up by itself then; it is killed a while later
  std::string arch;
  std::vector<std::string> settings;  ///< name=value
};

/// Runs all jobs, at most options.jobs at once; results in the jobs' order. `finished` is told of each as it
/// ends. On SIGINT the workers finish with partial results; a second one kills them.
std::vector<scenario::RunResult> run_jobs(const std::vector<Job>& jobs, const RunOptions& options,
                                          bool progress,
                                          const std::function<void(const scenario::RunResult&)>& finished);

}  // namespace xs::cli
