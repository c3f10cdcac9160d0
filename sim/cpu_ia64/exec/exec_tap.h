// Slots around a tapped instruction: exec_tap.cpp.
#pragma once
#include "sim/cpu_ia64/exec/dispatch.h"

namespace xs::ia64 {

Handler tap_handler();
Handler settle_handler();
/// Notes in the tap's slot what the instruction stores: x bytes (0: nothing), y: as a semaphore does.
void describe_tapped(Op op, Slot& tap);

}  // namespace xs::ia64
