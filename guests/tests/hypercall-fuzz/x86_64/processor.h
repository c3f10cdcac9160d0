// What calls about x86-64's processor share.
#pragma once
#include "guests/tests/hypercall-fuzz/arch.h"

// A call with the stack pointer given, for those that take their arguments from there.
long make_call_on_stack(const Call& call, u64 stack);
// For a hostile iret: its frame.
u64 hostile_iret_stack();
// What user mode enters the kernel on.
void restore_kernel_stack();
// What a hostile iret may enter user mode with; the top table that it has by right.
extern Mfn user_table;
// Replaces the entry that maps an address of the playground, for all VCPUs. 0 or a negative errno.
long world_map(const void* va, u64 entry);
