// FPU and SSE state: saved when its VCPU leaves, restored at first use (CR0.TS).
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Vcpu;

/// #NM from the guest. True: state restored, go on; false: the guest had set TS itself and shall see the
/// fault.
bool fpu_restore_on_fault(Vcpu* vcpu);
/// The VCPU leaves this CPU.
void fpu_save_on_leave(Vcpu* vcpu);
/// HYPERVISOR_fpu_taskswitch and guest CLTS / MOV CR0.
void fpu_set_guest_ts(Vcpu* vcpu, bool set);
void fpu_reset(Vcpu* vcpu);

}  // namespace hv
