// A VCPU's local SAPIC, for kernels that take interrupts and not events (SDM vol. 2 5.8.3).
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Vcpu;

void virtual_sapic_init(Vcpu* vcpu);
/// 0 (extINT) and 1 to 15 are not taken.
void virtual_sapic_pend(Vcpu* vcpu, u8 vector);
bool virtual_sapic_deliverable(const Vcpu* vcpu);
/// cr.ivr: 15 when there is none.
u64 virtual_sapic_ivr(Vcpu* vcpu);
void virtual_sapic_eoi(Vcpu* vcpu);
/// cr.itm: the interval timer rings at that ITC.
void virtual_sapic_set_itm(Vcpu* vcpu, u64 itm);

}  // namespace hv
