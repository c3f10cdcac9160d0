#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Vcpu;

/// DCR bits that say which faults of speculative loads are deferred: a guest's own business (SDM vol.
/// 2 3.3.4.1).
constexpr u64 kDcrDeferral = 0x7f00;

/// Start of a CPU's stack (layout.h).
u64 stack_of(unsigned cpu);
/// What is to be entered now; may switch, and then does not return.
Vcpu* leave_hypervisor();
/// The guest has touched f32 to f127.
void load_high_registers(Vcpu* vcpu);

}  // namespace hv
