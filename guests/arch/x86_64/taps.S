/* Stores that an observer follows; conventions in hypervisor/abi/observe.h. Each is one instruction in one routine, and no
 * other code of this guest writes these tables. */
#define TAP_GUEST_P2M 32

        .text
        /* void tap_store_p2m(u64* entry, u64 frame) */
        .globl  tap_store_p2m
        .type   tap_store_p2m, @function
tap_store_p2m:
1:      movq    %rsi, (%rdi)
        ret

        .section .xs_taps, "a", @progbits
        .balign 8
        .quad   1b
        .long   TAP_GUEST_P2M, 0
