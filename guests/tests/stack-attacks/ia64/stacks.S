/* Pieces of code about register stacks and the ways into a handler (attack.h). r8: where the register stack's memory is. */
#include "layout.h"

        .macro  PIECE name
        .text
        .balign 16
        .global \name
        .proc   \name
\name:
        .endm
        .macro  END_PIECE name
        ;;
        br.cond.sptk.many b5
        ;;
        .endp   \name
        .endm
        .macro  EACH_STACKED what
        .irp    ten, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
        .irp    one, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
        .if     (\ten * 10 + \one >= 32) && (\ten * 10 + \one < 128)
        \what   r\ten\one, (\ten * 10 + \one - 32)
        .endif
        .endr
        .endr
        .endm
        .macro  FILL register, value
        mov     \register = \value
        .endm
        .macro  COUNT register, value
        cmp.ne  p6, p0 = \value, \register
        ;;
(p6)    add     r9 = 1, r9
        ;;
        .endm
        // A frame of all registers, the n-th of which holds n. r32, a hypercall's first argument, is 0.
        .macro  FULL_FRAME
        mov     ar.bspstore = r8
        ;;
        alloc   r3 = ar.pfs, 0, 96, 0, 0
        ;;
        EACH_STACKED FILL
        ;;
        .endm

        // r2: a hypercall. r8: registers that it has not left as they were.
        PIECE   stack_keep
        FULL_FRAME
        break   HYPERCALL_BREAK
        ;;
        mov     r9 = r0
        ;;
        EACH_STACKED COUNT
        mov     r8 = r9
        END_PIECE stack_keep
        // ... and instructions that are executed for the kernel, with registers of that frame.
        PIECE   stack_emulate
        FULL_FRAME
        movl    r127 = 2 << 61
        ;;
        mov     r126 = rr[r127]
        ;;
        mov     r10 = r126
        ;;
        mov     rr[r127] = r126
        ;;
        mov     r11 = rr[r127]
        mov     r127 = 95
        mov     r126 = 94
        ;;
        mov     r9 = r0
        ;;
        EACH_STACKED COUNT
        cmp.ne  p6, p0 = r10, r11
        ;;
(p6)    add     r9 = 1, r9
        ;;
        mov     r8 = r9
        END_PIECE stack_emulate

        // All of them dirty and none in the frame.
        PIECE   stack_flush
        FULL_FRAME
        cover
        ;;
        flushrs
        END_PIECE stack_flush
        PIECE   stack_break
        FULL_FRAME
        cover
        ;;
        break   0x77
        END_PIECE stack_break
        PIECE   stack_load
        alloc   r3 = ar.pfs, 0, 0, 0, 0
        movl    r16 = 64 << 16                  // rsc.loadrs: bytes
        ;;
        mov     ar.bspstore = r8
        ;;
        mov     ar.rsc = r16
        ;;
        loadrs
        END_PIECE stack_load

        // By rfi to r9 with IPSR r10 and IFS r11: the instruction, and what is asked for instead.
        .macro  RETURN_BY name, text:vararg
        PIECE   \name
        alloc   r3 = ar.pfs, 0, 0, 0, 0
        rsm     psr.ic
        ;;
        mov     ar.bspstore = r8
        srlz.d
        ;;
        mov     cr.iip = r9
        mov     cr.ipsr = r10
        mov     cr.ifs = r11
        ;;
        \text
        END_PIECE \name
        .endm
        RETURN_BY stack_rfi, rfi
        RETURN_BY stack_ask_rfi, break 1
        // Where those go: r8 = PSR; nothing here uses a stacked register.
        PIECE   stack_landing
        mov     r8 = psr
        END_PIECE stack_landing
