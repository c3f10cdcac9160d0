// A host of the scenario's: hypervisor and dom0 booted on our simulated hardware, with the observer attached.
#pragma once
#include <memory>
#include <string>

#include "sim/observe/observer.h"
#include "sim/platform/simulation.h"
#include "sim/scenario/machine_debug.h"
#include "sim/scenario/target.h"
#include "sim/scenario/vcpu_controls.h"

namespace xs::scenario {

struct MachineTargetOptions {
  std::string arch = "x86_64";
  std::size_t host = 0;        ///< of Scenario::hosts
  std::string trace_file;      ///< native trace; empty: hash only
  std::string work_directory;  ///< existing; dom0's disks are made there
  DebugOptions debug = {};
};

/// Throws Error when the host's "machine" object is bad; the position is the object's.
platform::MachineConfig machine_config(const Scenario& scenario, const HostConfig& host,
                                       const std::string& arch);

/// With a way to the machine itself, for who looks at more than the runner; from start() on.
class MachineTarget : public Target {
 public:
  virtual platform::Machine& machine() = 0;
  virtual observe::Observer& observer() = 0;
  virtual const VcpuControls& vcpus() = 0;
};

/// A machine of that simulation, which outlives it; it is made when the target starts. `joined_to`: the host
/// at the other end of its wire, which starts before; null: none.
std::unique_ptr<MachineTarget> make_machine_target(platform::Simulation& simulation, const Scenario& scenario,
                                                   const MachineTargetOptions& options,
                                                   MachineTarget* joined_to = nullptr);

/// All hosts of a scenario, in a simulation of their own.
class HostTargets {
 public:
  /// `options` as for one host; a host that has a name has a work directory and a trace of its own
  /// (file_of_host).
  HostTargets(const Scenario& scenario, const MachineTargetOptions& options);
  MachineTarget& first() { return *targets_.front(); }
  std::vector<Target*> all() const;
  void ended(int exit_code);

 private:
  platform::Simulation simulation_;
  std::vector<std::unique_ptr<MachineTarget>> targets_;
};

/// The file of that host's own, for a file of the whole run: "run.trace" is "run.alpha.trace" for alpha.
std::string file_of_host(const std::string& file, const HostConfig& host);

}  // namespace xs::scenario
