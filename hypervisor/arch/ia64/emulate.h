// Privileged instructions and hyperprivops of guest kernels.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct Vcpu;

/// The instruction at IP was refused to the guest kernel: true when it has been executed for it, or another
/// interruption was reflected instead. False: the refusal is the guest's to handle.
bool emulate_privileged(Vcpu* vcpu);
/// break with an immediate below XEN_IA64_HYPERPRIVOPS; IP is at it.
void hyperprivop(Vcpu* vcpu, u64 number);

// switch.cpp: into the CPU.
void load_region7(u64 value);
void load_kernel_registers(const Vcpu* vcpu);

// One for each thing that either can ask.
void guest_rfi(Vcpu* vcpu);
void guest_set_mask(Vcpu* vcpu, u64 mask, bool set);
bool guest_set_region(Vcpu* vcpu, u64 address, u64 value);
void guest_set_kernel_register(Vcpu* vcpu, unsigned number, u64 value);
u64 guest_cpuid(u64 number);
u64 guest_thash(const Vcpu* vcpu, u64 address);

}  // namespace hv
