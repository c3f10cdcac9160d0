// A look at a machine that stands still: nothing here changes it.
#pragma once
#include "sim/observe/observer.h"
#include "sim/platform/machine.h"
#include "viz/model/machine_image.h"

namespace xs::viz {

/// The machine must not run meanwhile.
MachineImage look_at(platform::Machine& machine, const observe::Observer& observer, const ImageWish& wish);

}  // namespace xs::viz
