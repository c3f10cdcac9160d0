#include "sim/report/runs.h"

#include <algorithm>

#include "sim/core/error.h"

namespace xs::report {
namespace {

/// What a shell takes as one word.
std::string quoted(const std::string& word) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) ||
           std::string_view("=_./,:+-").find(static_cast<char>(c)) != std::string_view::npos;
  };
  return std::all_of(word.begin(), word.end(), plain) ? word : "'" + word + "'";
}

}  // namespace

std::string command_of(const RunKey& key) {
  std::string out = "./xenoscope run scenarios/" + key.scenario + " --arch " + key.arch;
  for (const std::string& setting : key.settings) out += " --set " + quoted(setting);
  return out;
}

Outcome outcome_of(const scenario::RunResult& r) {
  if (r.exit_code == 0) return {};
  const std::size_t no_model = r.message.find("dom0_model=");
  if (r.exit_code == static_cast<int>(ExitCode::crash) && no_model != std::string::npos)
    return {Outcome::Kind::refused, r.message.substr(no_model)};
  const scenario::StepResult* step = r.failed_step();
  if (step != nullptr && !step->answer.empty())
    for (const char* status : {"= EOPNOTSUPP ", "= ENOSYS "})
      if (step->answer.back().starts_with(status))
        return {Outcome::Kind::refused, step->answer.back().substr(2)};
  return {Outcome::Kind::failed, r.message};
}

const scenario::RunResult* Runs::find(const RunKey& key) {
  const auto it = results_.find(key);
  if (it != results_.end()) return &it->second;
  wanted_[key] = true;
  return nullptr;
}

std::vector<RunKey> Runs::take_wanted() {
  std::vector<RunKey> keys;
  for (const auto& [key, wanted] : wanted_) keys.push_back(key);
  wanted_.clear();
  return keys;
}

}  // namespace xs::report
