// A look at a machine that stands still: nothing here changes it.
#pragma once
#include "sim/observe/observer.h"
#include "sim/platform/machine.h"
#include "sim/scenario/vcpu_controls.h"
#include "viz/model/machine_image.h"

namespace xs::viz {

/// The machine must not run meanwhile.
MachineImage look_at(platform::Machine& machine, const observe::Observer& observer,
                     const scenario::VcpuControls& vcpus, const ImageWish& wish);

/// look_translation.cpp
std::shared_ptr<const TranslationImage> look_at_translation(platform::Machine& machine,
                                                            const observe::Observer& observer,
                                                            const scenario::VcpuControls& vcpus,
                                                            const TranslationWish& wish);
FrameImage frame_image(const observe::Observer& observer, u64 mfn);

}  // namespace xs::viz
