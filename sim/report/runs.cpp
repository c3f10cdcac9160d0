#include "sim/report/runs.h"

#include <algorithm>

#include "sim/core/error.h"

namespace xs::report {
namespace {

constexpr const char* domain_step = "a domain of that model";

/// What a shell takes as one word.
std::string quoted(const std::string& word) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) ||
           std::string_view("=_./,:+-").find(static_cast<char>(c)) != std::string_view::npos;
  };
  return std::all_of(word.begin(), word.end(), plain) ? word : "'" + word + "'";
}

/// The monitor of DMA has ended it, and it was to be ended so.
bool caught(const RunKey& key, const scenario::RunResult& r) {
  return key.scenario == driver_scenario && r.exit_code == static_cast<int>(ExitCode::failure) &&
         std::find(key.settings.begin(), key.settings.end(), native_driver) != key.settings.end() &&
         r.message.find("invariant: dma: ") != std::string::npos;
}

/// dom0's kernel has no use for that object of the driver, and has said so: it goes on without a disk.
bool driver_refused(const RunKey& key, const scenario::RunResult& r) {
  return key.scenario == driver_scenario && r.message.find(driver_missing) != std::string::npos;
}

}  // namespace

std::string command_of(const RunKey& key) {
  std::string out = "./xenoscope run scenarios/" + key.scenario + " --arch " + key.arch;
  for (const std::string& setting : key.settings) out += " --set " + quoted(setting);
  return out;
}

Outcome dom0_offered(const scenario::RunResult& r) {
  if (r.exit_code == 0) return {};
  const std::size_t no_model = r.message.find("dom0_model=");
  if (r.exit_code == static_cast<int>(ExitCode::crash) && r.message.starts_with("hypervisor panic: ") &&
      no_model != std::string::npos && r.message.ends_with(": there is no such memory model here"))
    return {Outcome::Kind::refused, r.message.substr(no_model)};
  return {Outcome::Kind::failed, r.message};
}

Outcome domain_offered(const scenario::RunResult& r) {
  if (Outcome dom0 = dom0_offered(r); dom0.kind != Outcome::Kind::done) return dom0;
  const auto asked = [](const scenario::StepResult& s) { return s.name == domain_step && !s.answer.empty(); };
  const auto step = std::find_if(r.steps.begin(), r.steps.end(), asked);
  if (step == r.steps.end()) return {Outcome::Kind::failed, "dom0 does not answer"};
  const std::string& answer = step->answer.back();
  if (answer == "= 0") return {};
  const std::string why = answer.substr(answer.starts_with("= ") ? 2 : 0);
  const bool refused = why.starts_with("EOPNOTSUPP ") || why.starts_with("ENOSYS ");
  return {refused ? Outcome::Kind::refused : Outcome::Kind::failed, why};
}

Outcome outcome_of(const RunKey& key, const scenario::RunResult& r) {
  if (key.scenario == offered_scenario) return domain_offered(r);
  if (r.exit_code == 0) return {};
  if (driver_refused(key, r)) return {Outcome::Kind::refused, "EOPNOTSUPP that driver is not for this dom0"};
  return {caught(key, r) ? Outcome::Kind::caught : Outcome::Kind::failed, r.message};
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
