// Between the scheduler and its neighbours.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Vcpu;

/// Closes the books of the present state and opens the next.
void runstate_change(Vcpu* vcpu, int state, Nanoseconds now);
/// Brings the guest's registered copy up to date; its address space is loaded.
void runstate_copy_to_area(Vcpu* vcpu);
/// RUNSTATE_blocked or RUNSTATE_offline.
int runstate_when_stopped(const Vcpu* vcpu);
/// Copy for the guest or the tools, the present state's time up to now included.
void runstate_read(const Vcpu* vcpu, vcpu_runstate_info& info);
/// The running VCPU gives way to others of its priority.
void sched_yield_current();
/// The domain list is read by the scheduler under its own lock: who changes it holds that, too.
void sched_lock_domain_list(bool lock);
void sched_dump();

}  // namespace hv
