/* What the user mode of test ring3 does; each label is entered on its own. Copied to 0x400000. */
#include "hypervisor/abi/function.inc"

        .text
        .globl  user_code, user_end
        .type   user_code, @object
user_code:
        FUNCTION user_ud2
        ud2
        END_FUNCTION user_ud2
        FUNCTION user_divide
        xorl    %edx, %edx
        xorl    %ecx, %ecx
        divl    %ecx
        END_FUNCTION user_divide
        FUNCTION user_syscall_at
        movl    $0x77, %eax
        syscall
        ud2
        END_FUNCTION user_syscall_at
        FUNCTION user_read_kernel
        movq    $0xffffffff80100000, %rax
        movq    (%rax), %rax
        ud2
        END_FUNCTION user_read_kernel
        FUNCTION user_write_code
        movl    $0x400000, %eax
        movl    $0, (%rax)
        ud2
        END_FUNCTION user_write_code
        FUNCTION user_cli
        hlt
        ud2
        END_FUNCTION user_cli
        .type   user_end, @object
user_end:

        /* void enter_user_asm(u64* save_sp, TrapFrame* frame): returns when the trap handler resumes at *save_sp. */
        FUNCTION enter_user_asm
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        leaq    1f(%rip), %rax
        pushq   %rax
        movq    %rsp, (%rdi)
        movq    %rsi, %rdi
        jmp     arch_enter_frame
1:      popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        ret
        END_FUNCTION enter_user_asm
