// What the scheduler needs of the architecture; implemented in arch/<arch>/kernel.
#pragma once
#include "guests/lib/types.h"

struct Thread;

// In a domain, once: traps come from the hypervisor, and return through it.
void arch_use_hypervisor();

extern "C" void arch_switch_stack(u64* save_stack_pointer, u64 load_stack_pointer);
// A stack on which arch_switch_stack "returns" into entry(); the result is its stack pointer.
u64 arch_initial_stack(u64 top, void (*entry)());
// Tells the hypervisor the kernel stack and the user page tables of the thread that runs next.
void arch_before_switch(Thread* next);
// Takes the user page tables off this VCPU, so that they can be freed.
void arch_unload_process();
// CPU `cpu` begins anew, with nothing of this kernel loaded.
void arch_forget_cpu(unsigned cpu);
// First entry of a thread into user mode.
[[noreturn]] void arch_enter_user(u64 entry, u64 stack, u64 argument);
// The same for a child of fork: continues where `parent_frame` (the parent's saved state) is, with result 0.
[[noreturn]] void arch_enter_forked(const void* parent_frame);
// Starts VCPU `cpu` in entry() on the idle thread's stack; negative errno when refused.
long arch_start_cpu(unsigned cpu, Thread* idle, void (*entry)());
