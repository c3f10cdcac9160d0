// The frame that traps.S builds for every entry into the guest kernel.
#pragma once
#include "guests/lib/xen_abi.h"

constexpr u64 trap_event = 256;     // event channel upcall
constexpr u64 trap_syscall = 257;   // `syscall` from user mode
constexpr u64 trap_failsafe = 258;  // the hypervisor could not reload a segment

constexpr u64 trap_divide_error = 0;
constexpr u64 trap_invalid_opcode = 6;
constexpr u64 trap_general_protection = 13;
constexpr u64 trap_page_fault = 14;

// From low to high addresses; `error`..`ss` come from the hypervisor, and the tail from rax is in the order
// that the iret hypercall wants (xen-x86_64.h, iret_context; `error` takes the place of its flags).
struct TrapFrame {
  u64 vector;
  u64 r15, r14, r13, r12, rbp, rbx, r10, r9, r8, rdx, rsi, rdi;
  u64 rax, r11, rcx;
  u64 error, rip, cs, rflags, rsp, ss;

  bool from_user() const { return (cs & 3) == 3; }
};
static_assert(sizeof(TrapFrame) == 22 * 8);  // a multiple of 16: the call in traps.S keeps the stack aligned

// Whoever links traps.S provides this. The frame may be changed; it is what the return loads.
extern "C" void guest_trap(TrapFrame* frame);

// Loads the frame and continues there (user mode when its cs has RPL 3).
extern "C" [[noreturn]] void arch_enter_frame(TrapFrame* frame);

// Registers the trap table and the callbacks for the VCPU that calls. Panics when refused.
void arch_install_traps();

// The same facts for a VCPU that is about to be started (VCPUOP_initialise).
void arch_describe_traps(vcpu_guest_context_t& context);

// CR2 of the last page fault of this VCPU; read it with upcalls still masked.
u64 arch_fault_address(unsigned vcpu);
