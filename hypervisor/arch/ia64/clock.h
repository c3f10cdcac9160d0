#pragma once
#include "hypervisor/common/types.h"

namespace hv {

/// The boot CPU's; others share its scale and its ITC, which the platform keeps in step.
void time_init();
/// When the ITC will have, or had, that value.
Nanoseconds time_at_itc(u64 itc);

}  // namespace hv
