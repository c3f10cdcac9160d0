// The store routines of hypervisor/abi/observe.h: one store each, its address listed in .xs_taps.
// C prototypes: hypervisor/common/taps.h.
#include "hypervisor/arch/x86_64/function.inc"

#define XS_TAP_STORE64 1
#define XS_TAP_STORE32 2
#define XS_TAP_CAS64 3
#define XS_TAP_MARK 16

.macro TAP kind
    .pushsection .xs_taps, "a"
    .quad 9f
    .long \kind, 0
    .popsection
9:
.endm

    .text
    FUNCTION xs_store64
    TAP XS_TAP_STORE64
    movq %rsi, (%rdi)
    ret
    END_FUNCTION xs_store64

    FUNCTION xs_store32
    TAP XS_TAP_STORE32
    movl %esi, (%rdi)
    ret
    END_FUNCTION xs_store32

    FUNCTION xs_cas64
    movq %rdx, %rax
    TAP XS_TAP_CAS64
    lock cmpxchgq %rsi, (%rdi)
    ret
    END_FUNCTION xs_cas64

    FUNCTION xs_mark_store
    TAP XS_TAP_MARK
    movq %rsi, (%rdi)
    ret
    END_FUNCTION xs_mark_store
