/* Entries on the bare machine. The processor leaves, from rsp up, [error] rip cs rflags rsp ss: the head of TrapFrame. Vectors
 * 0 to 31 are exceptions, those from 32 on interrupts (interrupts.h). */
#include "hypervisor/abi/function.inc"
#include "selectors.h"
#include "trap_frame.inc"

#define STUBS 96

        .text
        .balign 16
        FUNCTION native_stubs
        .set    vector, 0
        .rept   STUBS
        .balign 16
        /* Intel SDM vol. 3A, table 6-1: these push an error code themselves. */
        .if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21)
        .else
        pushq   $0
        .endif
        pushq   %rcx
        pushq   %r11
        pushq   %rax
        movl    $vector, %eax
        jmp     native_save
        .set    vector, vector + 1
        .endr
        END_FUNCTION native_stubs

        /* rip in rcx, rflags in r11, still the user's stack; interrupts are off (SFMASK). GS's hidden base finds this CPU's
         * words { kernel stack, scratch } (descriptors.cpp). */
        .balign 16
        FUNCTION native_syscall
        swapgs
        movq    %rsp, %gs:8
        movq    %gs:0, %rsp
        pushq   $NATIVE_USER_SS
        pushq   %gs:8
        swapgs
        pushq   %r11
        pushq   $NATIVE_USER_CS
        pushq   %rcx
        pushq   $0
        pushq   %rcx
        pushq   %r11
        pushq   %rax
        movl    $257, %eax
        END_FUNCTION native_syscall
        /* fall through */

        LOCAL_FUNCTION native_save
        SAVE_FRAME
        movq    %rsp, %rdi
        cld
        call    native_trap
        movq    %rsp, %rdi
        END_FUNCTION native_save

        FUNCTION native_enter_frame
        LOAD_FRAME
        addq    $8, %rsp
        iretq
        END_FUNCTION native_enter_frame
