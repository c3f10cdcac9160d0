// The store routines of hypervisor/abi/observe.h: one store each, its address listed in .xs_taps.
// C prototypes: hypervisor/common/taps.h.
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
    .globl xs_store64
xs_store64:
    TAP XS_TAP_STORE64
    movq %rsi, (%rdi)
    ret

    .globl xs_store32
xs_store32:
    TAP XS_TAP_STORE32
    movl %esi, (%rdi)
    ret

    .globl xs_cas64
xs_cas64:
    movq %rdx, %rax
    TAP XS_TAP_CAS64
    lock cmpxchgq %rsi, (%rdi)
    ret

    .globl xs_mark_store
xs_mark_store:
    TAP XS_TAP_MARK
    movq %rsi, (%rdi)
    ret
