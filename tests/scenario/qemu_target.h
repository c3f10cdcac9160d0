// QEMU as a scenario's target: the same images, disk and operator lines on `-M microvm`. Nothing is observed
// there; what can be compared is what is printed.
#pragma once
#include <memory>
#include <string>

#include "sim/scenario/target.h"

namespace xs::scenario {

/// `work_directory` exists; dom0's disk is made there. Time is the wall clock since the start.
std::unique_ptr<Target> make_qemu_target(const Scenario& scenario, const std::string& work_directory);

}  // namespace xs::scenario
