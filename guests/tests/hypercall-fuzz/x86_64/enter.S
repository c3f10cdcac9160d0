/* Calls that may come back by another way: with other registers, in another mode, by an exception. */
#include "hypervisor/abi/function.inc"

        .text
        /* long enter_hypervisor(const Call*, u64 stack): registers from the call, the stack pointer as given unless 0. */
        FUNCTION enter_hypervisor
        PUSH_KEPT
        movq    %rsp, rescue_stack(%rip)
        testq   %rsi, %rsi
        cmovneq %rsi, %rsp
        movq    %rdi, %r9
        movq    0(%r9), %rax
        movq    8(%r9), %rdi
        movq    16(%r9), %rsi
        movq    24(%r9), %rdx
        movq    32(%r9), %r10
        movq    40(%r9), %r8
        syscall
        END_FUNCTION enter_hypervisor
        /* Where recover() continues, and a hostile iret that succeeds. No flag is as it should be. */
        FUNCTION rescue_landing
        movq    rescue_stack(%rip), %rsp
        pushq   $0x202
        popfq
        movq    $0, rescue_stack(%rip)
        POP_KEPT
        ret
        END_FUNCTION rescue_landing

        /* What a hostile iret may enter in any mode. */
        FUNCTION rescue_trap
        ud2
        END_FUNCTION rescue_trap

        /* bool touch_word(u64 address, bool write, u64 bits): reads, or sets bits. recover() leads a fault at touch_*
           to touch_failed. */
        FUNCTION touch_word
        testb   %sil, %sil
        jz      touch_read
        .globl  touch_write, touch_read, touch_failed
        .irp place, touch_write, touch_read, touch_failed
        .type   \place, @object
        .size   \place, 1
        .endr
touch_write:
        lock orq %rdx, (%rdi)
        movl    $1, %eax
        ret
touch_read:
        movq    (%rdi), %rax
        movl    $1, %eax
        ret
touch_failed:
        xorl    %eax, %eax
        ret
        END_FUNCTION touch_word

        .section .data, "aw", @progbits
        .balign 8
        .globl  rescue_stack
rescue_stack:
        .quad   0
