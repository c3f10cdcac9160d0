#include "sim/scenario/result.h"

namespace xs::scenario {

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
