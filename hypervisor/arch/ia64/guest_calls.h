#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Vcpu;

/// break with XEN_IA64_BREAK_HYPERCALL by a guest kernel: a hypercall, or a call of its firmware.
void guest_call(Vcpu* vcpu);
/// Calls of EFI, PAL and SAL by the numbers in r2 (domain_firmware.cpp); false: no such number.
bool domain_firmware_call(Vcpu* vcpu, u64 number);

}  // namespace hv
