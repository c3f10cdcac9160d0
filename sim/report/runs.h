// Runs by what is set: asked for first, run then, and read as often as needed.
//
//     make the document ── asks for runs that are not there ──> wanted() ── run them ──> add() ── make it
//     again
#pragma once
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "sim/scenario/result.h"

namespace xs::report {

struct RunKey {
  std::string scenario;  ///< below scenarios/
  std::string arch;
  std::vector<std::string> settings;  ///< name=value
  bool operator==(const RunKey&) const = default;
  bool operator<(const RunKey& other) const {
    return std::tie(scenario, arch, settings) < std::tie(other.scenario, other.arch, other.settings);
  }
};

/// How it is typed: "./xenoscope run scenarios/… --arch … --set …".
std::string command_of(const RunKey& key);

struct Outcome {
  /// caught: a driver that is not for this memory model reached memory that is not its, which had to be seen.
  enum class Kind { done, refused, failed, caught };
  Kind kind = Kind::done;
  std::string why;  ///< in the words of who refused, or the run's message
};
/// The scenario that asks for models by name. Nothing else may refuse: a workload that ends with an error
/// has failed.
constexpr const char* offered_scenario = "regression/offered.json";
/// The scenario in which dom0 uses one of the disk driver's objects; that of the bare machine may be caught.
constexpr const char* driver_scenario = "regression/driver-objects.json";
/// What its first step awaits, as a failure says it.
constexpr const char* driver_missing =
    "\"dom0: virtio block device, interrupts\" did not appear on console dom0";
constexpr const char* native_driver = "driver=native";
/// What its run says of dom0's model: refused when the hypervisor panics because there is no such one.
Outcome dom0_offered(const scenario::RunResult& offered);
/// And of a domain's under it: refused when dom0 answers EOPNOTSUPP or ENOSYS; any other error has failed.
Outcome domain_offered(const scenario::RunResult& offered);
Outcome outcome_of(const RunKey& key, const scenario::RunResult& result);

class Runs {
 public:
  /// Null when it has not been run; it is wanted then.
  const scenario::RunResult* find(const RunKey& key);
  /// What was asked for and is not there, in order; they are not wanted any more.
  std::vector<RunKey> take_wanted();
  void add(const RunKey& key, scenario::RunResult result) { results_[key] = std::move(result); }
  const std::map<RunKey, scenario::RunResult>& results() const { return results_; }

 private:
  std::map<RunKey, scenario::RunResult> results_;
  std::map<RunKey, bool> wanted_;
};

}  // namespace xs::report
