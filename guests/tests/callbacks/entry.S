/* A second entry point for upcalls, which leaves a trace. Nothing is on the stack that it could disturb; flags are saved. */
#include "guests/arch/x86_64/function.inc"

        .text
        FUNCTION other_event_callback
        lock incl other_upcalls(%rip)
        jmp     event_callback
        END_FUNCTION other_event_callback

        .bss
        .balign 4
        .globl  other_upcalls
other_upcalls:
        .skip   4
