// Time as guests read it: vcpu_time_info and the wall clock in shared_info.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Domain;
struct Vcpu;

/// Publishes system time for a VCPU that is about to run (version: odd while written).
void time_update(Vcpu* vcpu);
void wall_clock_update(Domain* domain);
/// VCPUOP_register_vcpu_time_memory_area's copy, when the VCPU runs here.
void time_copy_to_area(Vcpu* vcpu);

/// Fills the scale and a pair of time stamps taken together. Per architecture.
void arch_read_time(vcpu_time_info& time);

}  // namespace hv
