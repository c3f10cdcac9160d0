/* Stores that an observer follows; conventions in hypervisor/abi/observe.h. Each is one instruction in one routine, and no
 * other code of this guest writes these tables. */
#define TAP_GUEST_P2M 32

#include "hypervisor/abi/function.inc"

        .text
        /* void tap_store_p2m(u64* entry, u64 frame) */
        FUNCTION tap_store_p2m
1:      movq    %rsi, (%rdi)
        ret
        END_FUNCTION tap_store_p2m

        .section .xs_taps, "a", @progbits
        .balign 8
        .quad   1b
        .long   TAP_GUEST_P2M, 0
