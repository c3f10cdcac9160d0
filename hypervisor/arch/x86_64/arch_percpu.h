// The x86-64 part of a PerCpu. A CPU finds its own through the top of its stack (see entry.S): stacks are
// HV_STACK_SIZE bytes, aligned to that, and the last word holds the PerCpu's address.
#pragma once
#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/common/types.h"

namespace hv {

struct PerCpu;
struct Vcpu;

struct ArchPerCpu {
  u32 apic_id = 0;
  Vcpu* fpu_owner = nullptr;  ///< whose FPU state is in the CPU
  u64 cr3 = 0;                ///< loaded
  u32 flush_request = 0;      ///< bit n: CPU n asks for a full TLB flush and waits until the bit is clear
};

inline PerCpu& this_cpu() {
  u64 stack;
  asm("mov %%rsp, %0" : "=r"(stack));
  return **reinterpret_cast<PerCpu**>((stack | (HV_STACK_SIZE - 1)) - 7);
}

}  // namespace hv
