#include "sim/scenario/result.h"

#include <algorithm>
#include <iterator>

namespace xs::scenario {
namespace {

/// How bad an outcome is: the worst one is the exit code of the whole call.
std::ptrdiff_t severity(int code) {
  static constexpr int order[] = {0, 3, 4, 5, 124, 6, exit_interrupted};
  return std::find(std::begin(order), std::end(order), code) - std::begin(order);
}

}  // namespace

int worst_exit_code(const std::vector<RunResult>& results) {
  int worst = 0;
  for (const RunResult& r : results)
    if (severity(r.exit_code) > severity(worst)) worst = r.exit_code;
  return worst;
}

const StepResult* RunResult::failed_step() const {
  for (const StepResult& s : steps)
    if (!s.passed) return &s;
  return nullptr;
}

std::string RunResult::located(const StepResult& step, const std::string& problem) const {
  if (!step.line) return file + ": " + problem;
  const std::string place = file + ":" + std::to_string(step.line) + ": ";
  if (step.pointer.empty() || problem.rfind(step.pointer, 0) == 0) return place + problem;
  return place + step.pointer + ": " + problem;
}

u64 frames_of(const observe::OwnershipTable& table, u32 owner) {
  for (const auto& row : table.rows)
    if (row.owner == owner) return row.frames;
  return 0;
}

const char* verdict_name(int exit_code) {
  switch (exit_code) {
    case 0:
      return "success";
    case 3:
      return "skip";
    case 4:
      return "error";
    case 5:
      return "failure";
    case 124:
      return "timeout";
    case exit_interrupted:
      return "interrupted";
    default:
      return "crash";
  }
}

}  // namespace xs::scenario
