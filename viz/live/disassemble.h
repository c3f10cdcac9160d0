// Instructions at and behind a core's program counter, as text.
#pragma once
#include "sim/observe/observer.h"
#include "sim/platform/machine.h"
#include "viz/model/machine_image.h"

namespace xs::viz {

/// From the next instruction on (IA-64: some bundles before it, too); fewer where memory is not mapped.
std::vector<CodeLine> code_around(platform::Machine& machine, const observe::Observer& observer,
                                  unsigned cpu);

}  // namespace xs::viz
