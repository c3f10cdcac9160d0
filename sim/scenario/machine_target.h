// The scenario's machine: hypervisor and dom0 booted on our simulated hardware, with the observer attached.
#pragma once
#include <memory>
#include <string>

#include "sim/observe/observer.h"
#include "sim/scenario/machine_debug.h"
#include "sim/scenario/target.h"
#include "sim/scenario/vcpu_controls.h"

namespace xs::scenario {

struct MachineTargetOptions {
  std::string arch = "x86_64";
  std::string trace_file;      ///< native trace; empty: hash only
  std::string work_directory;  ///< existing; dom0's disks are made there
  DebugOptions debug = {};
};

/// Throws Error when the scenario's "machine" object is bad; the position is the object's.
platform::MachineConfig machine_config(const Scenario& scenario, const std::string& arch);

/// With a way to the machine itself, for who looks at more than the runner; from start() on.
class MachineTarget : public Target {
 public:
  virtual platform::Machine& machine() = 0;
  virtual observe::Observer& observer() = 0;
  virtual const VcpuControls& vcpus() = 0;
};

std::unique_ptr<MachineTarget> make_machine_target(const Scenario& scenario,
                                                   const MachineTargetOptions& options);

}  // namespace xs::scenario
