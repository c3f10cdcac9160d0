/* A second entry point for upcalls, which leaves a trace. Nothing is on the stack that it could disturb; flags are saved. */
#include "hypervisor/abi/function.inc"

        .text
        FUNCTION other_event_callback
        lock incl other_upcalls(%rip)
        jmp     event_callback
        END_FUNCTION other_event_callback

        /* void return_badly(): by the iret hypercall to a code segment that is none. The failsafe callback below keeps
         * the frame that it gets and goes on behind the call. */
        FUNCTION return_badly
        movq    %rsp, good_stack(%rip)
        movl    %ss, %eax
        pushq   %rax
        pushq   good_stack(%rip)
        pushfq
        pushq   $0                      /* cs */
        leaq    bad_return_address(%rip), %rax
        pushq   %rax
        pushq   $0                      /* flags */
        pushq   $0                      /* rcx */
        pushq   $0                      /* r11 */
        pushq   $0                      /* rax */
        movl    $23, %eax               /* __HYPERVISOR_iret */
        syscall
        .type   bad_return_address, @object     /* a place in the function, for the test to compare with */
        .size   bad_return_address, 1
bad_return_address:
        ud2
        END_FUNCTION return_badly

        FUNCTION keep_failsafe_frame
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
        movq    8*\n(%rsp), %rax
        movq    %rax, failsafe_frame + 8*\n(%rip)
        .endr
        movq    good_stack(%rip), %rsp
        ret
        END_FUNCTION keep_failsafe_frame

        .bss
        .balign 8
        .globl  failsafe_frame, bad_return_address
failsafe_frame:
        .skip   11*8
good_stack:
        .skip   8
        .balign 4
        .globl  other_upcalls
other_upcalls:
        .skip   4
