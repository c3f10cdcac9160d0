// Entry from guests and exceptions, and the way back.
//
// From a guest, RSP0 (and the syscall stub) point behind regs.ss of the current VCPU, so that the frame lands in
// Vcpu::arch.regs (struct cpu_user_regs: r15 .. rdi, error_code, entry_vector, rip, cs, rflags, rsp, ss); the word below
// regs is the top of this CPU's stack. From the hypervisor itself the same layout is built on the stack in use.
//
//   vcpu + 0  stack_top       vcpu + 8  regs
#include "hypervisor/abi/function.inc"
#include "hypervisor/arch/x86_64/layout.h"
#include "hypervisor/arch/x86_64/selectors.h"

#define REG_R15 0
#define REG_R14 8
#define REG_R13 16
#define REG_R12 24
#define REG_RBP 32
#define REG_RBX 40
#define REG_R11 48
#define REG_R10 56
#define REG_R9 64
#define REG_R8 72
#define REG_RAX 80
#define REG_RCX 88
#define REG_RDX 96
#define REG_RSI 104
#define REG_RDI 112
#define REG_VECTOR 124
#define REG_RIP 128
#define REG_CS 136
#define REG_RFLAGS 144
#define REG_RSP 152
#define REG_SS 160
#define REGS_IRET_END 168

#define RFLAGS_TF 0x100
#define RFLAGS_RF 0x10000
#define RFLAGS_VM 0x20000

#define VECTOR_DB 1
#define VECTOR_NMI 2
#define VECTOR_UD 6
#define VECTOR_DF 8
#define VECTOR_MC 18

.macro PUSH_REGS
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %rax
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    PUSH_KEPT
    cld
.endm

// Pairs an instruction that may fault with the place to go on at (trap.cpp, find_fixup).
.macro EXCEPTION_ENTRY fault, fixup
    .pushsection .ex_table, "a"
    .quad \fault, \fixup
    .popsection
.endm

    .text
// --- one stub per vector ---------------------------------------------------------------------------
    .balign 16
    FUNCTION trap_stubs
    .set vector, 0
    .rept 256
    .balign 16
    .if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21)
    .else
    pushq $0
    .endif
    movl $vector, 4(%rsp)
    .if (vector == VECTOR_DB)
    jmp debug_entry
    .elseif (vector == VECTOR_NMI) || (vector == VECTOR_DF) || (vector == VECTOR_MC)
    jmp trap_on_own_stack
    .else
    jmp trap_common
    .endif
    .set vector, vector + 1
    .endr
    END_FUNCTION trap_stubs

    LOCAL_FUNCTION trap_common
    testb $3, 16(%rsp)
    jz trap_on_own_stack
    PUSH_REGS
    END_FUNCTION trap_common
    LOCAL_FUNCTION guest_trap
    movq %rsp, %rdi
    movq -8(%rsp), %rsp
    xorl %ebp, %ebp
    call trap_from_guest          // may switch VCPUs: then it does not return
    movq %rax, %rdi
    jmp restore_guest
    END_FUNCTION guest_trap

// Exceptions of the hypervisor, and the vectors with an IST stack.
    LOCAL_FUNCTION trap_on_own_stack
    PUSH_REGS
    movq %rsp, %rdi
    call trap_from_hypervisor
    POP_KEPT
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
    addq $8, %rsp
    iretq
    END_FUNCTION trap_on_own_stack

// #DB has an IST stack: a breakpoint on a MOV SS before SYSCALL is delivered at the first instruction of the syscall stub,
// with the guest's RSP. When it came from the guest the frame moves to the VCPU.
    LOCAL_FUNCTION debug_entry
    testb $3, 16(%rsp)
    jz trap_on_own_stack
    pushq %rax
    pushq %rbx
    movq %rsp, %rbx
    orq $(HV_STACK_SIZE - 1), %rbx
    movq -7(%rbx), %rax           // PerCpu
    movq (%rax), %rax             // its first word: current
    xchgq %rbx, %rsp
    leaq 8 + REGS_IRET_END(%rax), %rsp
    pushq 56(%rbx)                // ss rsp rflags cs rip error/vector
    pushq 48(%rbx)
    pushq 40(%rbx)
    pushq 32(%rbx)
    pushq 24(%rbx)
    pushq 16(%rbx)
    movq 8(%rbx), %rax
    movq (%rbx), %rbx
    PUSH_REGS
    jmp guest_trap
    END_FUNCTION debug_entry

// --- syscall ---------------------------------------------------------------------------------------
// SYSCALL changes no stack and keeps the guest's GS base, so each CPU has a stub that knows its own words.
// SFMASK has cleared IF, TF, DF, NT, AC.
// From 32-bit code some CPUs enter by CSTAR instead.
.macro SYSCALL_STUB cpu
    .balign 32
    FUNCTION syscall_entry_\cpu
    movq %rsp, syscall_words + 64 * \cpu + 8(%rip)
    movq syscall_words + 64 * \cpu(%rip), %rsp
    pushq $SEL_GUEST_SS
    pushq syscall_words + 64 * \cpu + 8(%rip)
    pushq %r11
    pushq $SEL_GUEST_CS
    pushq %rcx
    pushq $0
    movl $VECTOR_SYSCALL, 4(%rsp)
    PUSH_REGS
    movq %rsp, %rdi
    movq -8(%rsp), %rsp
    xorl %ebp, %ebp
    call syscall_from_guest       // may switch VCPUs: then it does not return
    movq %rax, %rdi
    jmp restore_guest
    END_FUNCTION syscall_entry_\cpu
    .balign 32
    FUNCTION syscall32_entry_\cpu
    movq %rsp, syscall_words + 64 * \cpu + 8(%rip)
    movq syscall_words + 64 * \cpu(%rip), %rsp
    pushq $SEL_GUEST_SS
    pushq syscall_words + 64 * \cpu + 8(%rip)
    jmp syscall32_common
    END_FUNCTION syscall32_entry_\cpu
.endm
    SYSCALL_STUB 0
    SYSCALL_STUB 1
    SYSCALL_STUB 2
    SYSCALL_STUB 3

// No guest here has 32-bit user programs that make system calls: an invalid opcode, as on CPUs without it.
    LOCAL_FUNCTION syscall32_common
    pushq %r11
    pushq $SEL_GUEST_CS32
    subq $2, %rcx                 // back to the instruction
    pushq %rcx
    addq $2, %rcx
    pushq $0
    movl $VECTOR_UD, 4(%rsp)
    PUSH_REGS
    jmp guest_trap
    END_FUNCTION syscall32_common

// Of what the guest's registers are, on the way out: 0 in RAX when SYSRET would load them all as they are. It takes RIP
// and RFLAGS from RCX and R11, where SYSCALL has put them, and the selectors from STAR. RF and VM it clears, with TF it
// traps early (SDM vol. 2B, SYSRET); to an address that is not canonical it faults in ring 0.
.macro SYSRET_UNFIT
    movzwl REG_CS(%rdi), %eax     // the upper half holds saved_upcall_mask
    movzwl REG_SS(%rdi), %edx
    xorl $SEL_GUEST_CS, %eax
    xorl $SEL_GUEST_SS, %edx
    orl %edx, %eax
    movq REG_RIP(%rdi), %rcx
    movq %rcx, %rdx
    shlq $16, %rdx
    sarq $16, %rdx
    xorq %rcx, %rdx
    orq %rdx, %rax
    movq REG_RCX(%rdi), %rdx
    xorq %rcx, %rdx
    orq %rdx, %rax
    movq REG_RFLAGS(%rdi), %r11
    movl %r11d, %edx
    andl $(RFLAGS_TF | RFLAGS_RF | RFLAGS_VM), %edx
    orq %rdx, %rax
    movq REG_R11(%rdi), %rdx
    xorq %r11, %rdx
    orq %rdx, %rax
.endm

.macro LOAD_REGS_BUT_RCX_R11_RDI
    movq REG_R15(%rdi), %r15
    movq REG_R14(%rdi), %r14
    movq REG_R13(%rdi), %r13
    movq REG_R12(%rdi), %r12
    movq REG_RBP(%rdi), %rbp
    movq REG_RBX(%rdi), %rbx
    movq REG_R10(%rdi), %r10
    movq REG_R9(%rdi), %r9
    movq REG_R8(%rdi), %r8
    movq REG_RAX(%rdi), %rax
    movq REG_RDX(%rdi), %rdx
    movq REG_RSI(%rdi), %rsi
.endm

// void restore_guest(Registers* regs): loads everything and returns to ring 3. A hypercall's caller, whose registers are
// what SYSCALL left, gets a SYSRET, the quicker one. For IRETQ the frame is copied to this CPU's stack, so that a fault
// of it (bad selector) leaves the VCPU's registers whole.
    FUNCTION restore_guest
    SYSRET_UNFIT
    jnz 2f
    LOAD_REGS_BUT_RCX_R11_RDI
    movq REG_RSP(%rdi), %rsp
    movq REG_RDI(%rdi), %rdi
    sysretq
2:  movq -8(%rdi), %rsp
    pushq REG_SS(%rdi)
    pushq REG_RSP(%rdi)
    pushq REG_RFLAGS(%rdi)
    movzwl REG_CS(%rdi), %eax
    pushq %rax
    pushq REG_RIP(%rdi)
    LOAD_REGS_BUT_RCX_R11_RDI
    movq REG_R11(%rdi), %r11
    movq REG_RCX(%rdi), %rcx
    movq REG_RDI(%rdi), %rdi
1:  iretq
    END_FUNCTION restore_guest
    EXCEPTION_ENTRY 1b, iret_fault

    LOCAL_FUNCTION iret_fault
    movq %rsp, %rax
    orq $(HV_STACK_SIZE - 1), %rax
    leaq -7(%rax), %rsp
    movq (%rsp), %rax
    movq (%rax), %rdi
    xorl %ebp, %ebp
    call iret_to_guest_failed     // (Vcpu*): failsafe callback
    call leave_hypervisor
    movq %rax, %rdi
    jmp restore_guest
    END_FUNCTION iret_fault

// --- stack and idle ----------------------------------------------------------------------------------
// void reset_stack_and_call(void (*function)(void*), void* argument): forgets what is on this CPU's stack.
    FUNCTION reset_stack_and_call
    movq %rsp, %rax
    orq $(HV_STACK_SIZE - 1), %rax
    leaq -7(%rax), %rsp
    movq %rdi, %rax
    movq %rsi, %rdi
    xorl %ebp, %ebp
    call *%rax
    ud2
    END_FUNCTION reset_stack_and_call

// --- copies that survive faults ------------------------------------------------------------------
// u64 copy_catching_faults(void* to, const void* from, u64 bytes): returns the bytes not copied.
    FUNCTION copy_catching_faults
    movq %rdx, %rcx
1:  rep movsb
2:  movq %rcx, %rax
    ret
    END_FUNCTION copy_catching_faults
    EXCEPTION_ENTRY 1b, 2b

// u64 clear_catching_faults(void* to, u64 bytes)
    FUNCTION clear_catching_faults
    movq %rsi, %rcx
    xorl %eax, %eax
1:  rep stosb
2:  movq %rcx, %rax
    ret
    END_FUNCTION clear_catching_faults
    EXCEPTION_ENTRY 1b, 2b

// bool load_{ds,es,fs,gs}(u16): loads a guest's selector, or null when its descriptor is bad.
.macro LOAD_SEGMENT name
    FUNCTION load_\name
1:  movl %edi, %\name
    ret
2:  xorl %edi, %edi
    jmp 1b
    END_FUNCTION load_\name
    EXCEPTION_ENTRY 1b, 2b
.endm
    LOAD_SEGMENT ds
    LOAD_SEGMENT es
    LOAD_SEGMENT fs
    LOAD_SEGMENT gs

// bool read_msr_catching_faults(u32 msr, u64* value); bool write_msr_catching_faults(u32 msr, u64 value)
    FUNCTION read_msr_catching_faults
    movl %edi, %ecx
1:  rdmsr
    shlq $32, %rdx
    orq %rdx, %rax
    movq %rax, (%rsi)
    movl $1, %eax
    ret
2:  xorl %eax, %eax
    ret
    END_FUNCTION read_msr_catching_faults
    EXCEPTION_ENTRY 1b, 2b

    .section .bss.tables, "aw", @nobits
    .balign 64
    .globl syscall_words
    .type syscall_words, @object
    .size syscall_words, 64 * 4
syscall_words:                    // per CPU, 64 bytes: frame end in the current VCPU, scratch for RSP
    .skip 64 * 4
