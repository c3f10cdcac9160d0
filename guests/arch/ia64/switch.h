// Kernel stacks, each with a memory stack and a register stack (layout.h).
#pragma once
#include "guests/lib/types.h"

// Leaves the running stack, to be gone on with by its place in `save`, and goes on with another (switch.S).
extern "C" void arch_switch_stack(u64* save, u64 load);
// A new one, which begins in entry(): what to load. `top` is its end.
u64 stack_begin(u64 top, void (*entry)());
