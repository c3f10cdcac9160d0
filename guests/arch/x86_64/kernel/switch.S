#include "hypervisor/abi/function.inc"

        .text
        /* void arch_switch_stack(u64* save, u64 load): only what the ABI lets a function keep. */
        FUNCTION arch_switch_stack
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        ret
        END_FUNCTION arch_switch_stack
