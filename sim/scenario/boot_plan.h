// What is booted for a scenario, the same on every target.
#pragma once
#include <string>
#include <vector>

#include "sim/scenario/disk_image.h"
#include "sim/scenario/scenario.h"

namespace xs::scenario {

struct BootPlan {
  std::string hypervisor, dom0_kernel;  ///< files
  std::string cmdline;                  ///< the hypervisor's
  std::vector<DiskFile> disk;           ///< members of dom0's disk, by name
  std::vector<std::string> guests;      ///< all guest kernels, dom0's first, without duplicates
};

/// Throws Error when an image does not exist or two kernels want the same name on dom0's disk.
BootPlan boot_plan(const Scenario& scenario, const std::string& arch);

}  // namespace xs::scenario
