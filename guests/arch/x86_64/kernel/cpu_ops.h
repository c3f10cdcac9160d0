// The processor as the hypervisor shows it, or as it is.
#pragma once
#include "arch_trap.h"

struct CpuOps {
  u64 user_cs, user_ss;
  // Loads the frame and continues there.
  void (*enter_frame)(TrapFrame* frame);
  // CR2 of the last page fault of this CPU; read it while masked.
  u64 (*fault_address)(unsigned cpu);
  // Where entries from user mode begin their frame.
  void (*set_kernel_stack)(u64 top);
};
extern CpuOps cpu_ops;  // set with the traps
