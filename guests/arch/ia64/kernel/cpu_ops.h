// The processor as the hypervisor shows it, or as it is.
#pragma once
#include "user_state.h"

struct CpuOps {
  // To user mode by the frame in this thread's stack.
  void (*enter_user)(TrapFrame* frame);
  // The granule of region 7 that begins at `va`, in a translation register for data: no access to it is ever
  // a miss.
  void (*pin)(u64 slot, u64 va);
  // Forgets the translations of every region, but for those in translation registers.
  void (*purge_all)();
};
extern CpuOps cpu_ops;  // set with the traps

constexpr u64 psr_dfh = 1 << 19, psr_ed = u64{1} << 43;

// Stores f32 to f127, if they are in the processor; the next touch of one brings them back.
void unload_high(UserState& user);
