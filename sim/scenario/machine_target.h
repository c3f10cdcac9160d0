// The scenario's machine: hypervisor and dom0 booted on our simulated hardware, with the observer attached.
#pragma once
#include <memory>
#include <string>

#include "sim/scenario/machine_debug.h"
#include "sim/scenario/target.h"

namespace xs::scenario {

struct MachineTargetOptions {
  std::string arch = "x86_64";
  std::string trace_file;      ///< native trace; empty: hash only
  std::string work_directory;  ///< existing; dom0's disk is made there
  DebugOptions debug = {};
};

/// Throws Error when the scenario's "machine" object is bad; the position is the object's.
platform::MachineConfig machine_config(const Scenario& scenario, const std::string& arch);

std::unique_ptr<Target> make_machine_target(const Scenario& scenario, const MachineTargetOptions& options);

}  // namespace xs::scenario
