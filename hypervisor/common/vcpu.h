// VCPU life and timers.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Vcpu;

void vcpu_stop_timers(Vcpu* vcpu);
/// The frame of a registered vcpu_info goes back to being the guest's alone.
void vcpu_release_info(Vcpu* vcpu);
/// May run from now on (if initialised and nothing else stops it).
void vcpu_up(Vcpu* vcpu);
/// Does not run until vcpu_up(); the last one that goes down shuts the domain down (poweroff).
void vcpu_down(Vcpu* vcpu);

}  // namespace hv
