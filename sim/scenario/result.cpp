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

namespace {

/// Of one host its own; over several FNV-1a over theirs.
u64 over_all(const std::vector<HostResult>& hosts, u64 HostResult::*hash) {
  if (hosts.size() == 1) return hosts.front().*hash;
  u64 all = 0xcbf29ce484222325;
  for (const HostResult& host : hosts)
    for (u64 rest = host.*hash, i = 0; i < 8; ++i, rest >>= 8) all = (all ^ (rest & 0xff)) * 0x100000001b3;
  return all;
}

}  // namespace

const HostState& StepResult::of(std::size_t which) const {
  static const HostState unknown;
  return which < hosts.size() ? hosts[which] : unknown;
}

bool RunResult::observed() const {
  return !hosts.empty() && std::all_of(hosts.begin(), hosts.end(), [](const auto& h) { return h.observed; });
}

u64 RunResult::execution_hash() const { return over_all(hosts, &HostResult::execution_hash); }
u64 RunResult::trace_hash() const { return over_all(hosts, &HostResult::trace_hash); }

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
