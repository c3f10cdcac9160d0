/* Entries from the hypervisor. Bounce frame from rsp up (docs in xen-x86_64.h and facts of the ABI):
 *     rcx r11 [error] rip cs rflags rsp ss
 * Each stub makes the tail of TrapFrame out of it and leaves the vector in eax. */
#define __ASSEMBLY__
#include <xen/xen.h>

#include "hypervisor/abi/function.inc"
#include "trap_frame.inc"

        .text
.macro stub vector, has_error, name
        .balign 16
        FUNCTION \name
        popq    %rcx
        popq    %r11
        .if \has_error == 0
        pushq   $0
        .endif
        pushq   %rcx
        pushq   %r11
        pushq   %rax
        movl    $\vector, %eax
        jmp     save_and_call
        END_FUNCTION \name
.endm

.macro exception vector, has_error
        stub \vector, \has_error, trap_stub_\vector
.endm

        exception 0, 0
        exception 1, 0
        exception 2, 0
        exception 3, 0
        exception 4, 0
        exception 5, 0
        exception 6, 0
        exception 7, 0
        exception 8, 1
        exception 9, 0
        exception 10, 1
        exception 11, 1
        exception 12, 1
        exception 13, 1
        exception 14, 1
        exception 16, 0
        exception 17, 1
        exception 18, 0
        exception 19, 0
        exception 32, 0

        stub 256, 0, event_callback
        stub 257, 0, syscall_callback

        /* rcx r11 ds es fs gs rip ...: the selectors say what could not be loaded; this kernel uses none. */
        .balign 16
        FUNCTION failsafe_callback
        popq    %rcx
        popq    %r11
        addq    $32, %rsp
        pushq   $0
        pushq   %rcx
        pushq   %r11
        pushq   %rax
        movl    $258, %eax
        /* fall through */
        END_FUNCTION failsafe_callback

        LOCAL_FUNCTION save_and_call
        SAVE_FRAME
        movq    %rsp, %rdi
        cld
        call    guest_trap
        movq    %rsp, %rdi
        END_FUNCTION save_and_call

        FUNCTION arch_enter_frame
        LOAD_FRAME
        movq    $0, (%rsp)              /* iret flags: restore rcx and r11 too */
        jmp     hypercall_page + __HYPERVISOR_iret * 32
        END_FUNCTION arch_enter_frame

        .section .rodata
        .balign 8
        .globl  trap_stub_table, trap_stub_table_end
trap_stub_table:
.macro row vector
        .quad   \vector, trap_stub_\vector
.endm
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 32
        row \n
        .endr
trap_stub_table_end:
