// Takes the place of the architecture's header of this name: one CPU.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct PerCpu;
struct ArchPerCpu {};
PerCpu& this_cpu();

}  // namespace hv
