// The store routines of hypervisor/abi/observe.h: one store each, its address listed in .xs_taps.
// C prototypes: hypervisor/common/taps.h.
#include "hypervisor/abi/function.inc"
#include "hypervisor/arch/x86_64/layout.h"

#define XS_TAP_STORE64 1
#define XS_TAP_STORE32 2
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

    FUNCTION xs_table_store64
    movabsq $HV_STORE_VIEW, %rdx
    TAP XS_TAP_STORE64
    movq %rsi, (%rdi, %rdx)
    ret
    END_FUNCTION xs_table_store64

    FUNCTION xs_table_store32
    movabsq $HV_STORE_VIEW, %rdx
    TAP XS_TAP_STORE32
    movl %esi, (%rdi, %rdx)
    ret
    END_FUNCTION xs_table_store32

    FUNCTION xs_mark_store
    TAP XS_TAP_MARK
    movq %rsi, (%rdi)
    ret
    END_FUNCTION xs_mark_store
