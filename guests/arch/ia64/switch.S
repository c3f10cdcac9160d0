/* What the calling conventions let a function keep, on the memory stack; the register stack follows by being stored and
 * taken up elsewhere. f2 to f5 and f16 to f31 are not the kernel's (user_state.h). */
#include "layout.h"

        .text
        /* void arch_switch_stack(u64* save, u64 load) */
        .global arch_switch_stack
        .proc   arch_switch_stack
arch_switch_stack:
        alloc   r14 = ar.pfs, 2, 0, 0, 0
        ;;
        flushrs
        mov     r15 = ar.rsc
        adds    r16 = -SWITCH_SIZE, sp
        adds    r17 = -SWITCH_SIZE, sp
        mov     r18 = ar.unat
        ;;
        and     r19 = ~3, r15
        ;;
        mov     ar.rsc = r19                    // lazy
        ;;
        .macro  KEEP register
        mov     r20 = \register
        ;;
        st8     [r16] = r20, 8
        ;;
        .endm
        .irp    register, b0, ar.bspstore, ar.rnat, r14, r18, pr, ar.lc, b1, b2, b3, b4, b5
        KEEP    \register
        .endr
        .irp    register, r4, r5, r6, r7
        st8.spill [r16] = \register, 8
        ;;
        .endr
        KEEP    ar.unat                         // their NaT bits
        st8     [r32] = r17
        mov     sp = r33
        mov     r16 = r33
        ;;
        .macro  TAKE register
        ld8     r20 = [r16], 8
        ;;
        mov     \register = r20
        ;;
        .endm
        TAKE    b0
        ld8     r21 = [r16], 8
        ;;
        mov     ar.bspstore = r21
        ;;
        TAKE    ar.rnat
        TAKE    ar.pfs
        ld8     r18 = [r16], 8
        ;;
        ld8     r20 = [r16], 8
        ;;
        mov     pr = r20, -1
        TAKE    ar.lc
        .irp    register, b1, b2, b3, b4, b5
        TAKE    \register
        .endr
        adds    r22 = 32, r16
        ;;
        ld8     r22 = [r22]
        ;;
        mov     ar.unat = r22
        ;;
        .irp    register, r4, r5, r6, r7
        ld8.fill \register = [r16], 8
        ;;
        .endr
        mov     ar.unat = r18
        mov     ar.rsc = r15
        adds    sp = SWITCH_SIZE, sp
        ;;
        invala                                  // the registers' names mean others now
        br.ret.sptk.many b0
        .endp   arch_switch_stack
