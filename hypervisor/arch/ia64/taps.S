// The store routines of hypervisor/abi/observe.h: one store each, its address listed in .xs_taps.
// C prototypes: hypervisor/common/taps.h.
#define XS_TAP_STORE64 1
#define XS_TAP_STORE32 2
#define XS_TAP_MARK 16

        // The store is its bundle's first slot, so that the label names it.
        .macro  TAP name, kind, store
        .section .xs_taps, "a"
        data8   9f
        data4   \kind, 0
        .text
        .global \name
        .proc   \name
\name:
9:      { .mib
        \store  [r32] = r33
        nop.i   0
        br.ret.sptk.many b0
        }
        .endp   \name
        .endm

        TAP     xs_store64, XS_TAP_STORE64, st8
        TAP     xs_table_store64, XS_TAP_STORE64, st8
        TAP     xs_table_store32, XS_TAP_STORE32, st4
        TAP     xs_mark_store, XS_TAP_MARK, st8
