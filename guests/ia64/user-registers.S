// A user program for the portable kernel (guests/kernel), in the place of `worker`: what the kernel must keep of a process
// that is interrupted, switched, and forked in the depth of its register stack.
//
//   descend(60) ─> ... ─> descend(0) ─> bottom: fork; parent and child fill f2 to f127 with values of their own, and look
//   at them between other processes' turns; on the way back each level looks at its stacked registers, one of
//   them a NaT at every other level.
#include "guests/arch/ia64/layout.h"

#define SYS_EXIT 1
#define SYS_WRITE 2
#define SYS_YIELD 3
#define SYS_FORK 8
#define SYS_WAIT 9
#define DEPTH 60
#define TURNS 10

        .macro  SYSTEM number
        mov     r15 = \number
        ;;
        break   SYSCALL_BREAK
        ;;
        .endm
        .macro  COUNT_UNLESS_EQUAL a, b
        cmp.ne  p6, p0 = \a, \b
        ;;
(p6)    adds    r9 = 1, r9
        ;;
        .endm

        .section .text.entry, "ax", @progbits
        .global user_entry
        .proc   user_entry
user_entry:
        alloc   r32 = ar.pfs, 0, 3, 1, 0
        mov     r9 = 0                          // what is wrong, all the way
        mov     out0 = DEPTH
        ;;
        br.call.sptk.many b0 = descend
        ;;
        mov     r33 = r9
        cmp.eq  p7, p8 = 0, r31                 // p7: the child
        ;;
(p7)    br.cond.dpnt.many 1f
        SYSTEM  SYS_WAIT
        add     r33 = r33, r8
        ;;
1:      cmp.eq  p6, p7 = 0, r33
        movl    r16 = kept
        movl    r14 = lost
        ;;
(p7)    mov     r16 = r14
        mov     r17 = kept_end - kept
        ;;
        SYSTEM  SYS_WRITE
        mov     r16 = r33
        SYSTEM  SYS_EXIT
        .endp   user_entry

        .text
        .macro  MARKS what
        .irp    n, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50
        \what   \n
        .endr
        .endm
        .macro  SET n
        adds    r\n = \n, r14
        .endm
        .macro  CHECK n
        adds    r15 = \n, r14
        ;;
        COUNT_UNLESS_EQUAL r15, r\n
        .endm

        .proc   descend
descend:
        alloc   r33 = ar.pfs, 1, 19, 1, 0
        mov     r34 = b0
        shl     r14 = r32, 8
        movl    r16 = word
        ;;
        MARKS   SET
        tbit.nz p6, p7 = r32, 0
        mov     r15 = -1
        ;;
        mov     ar.unat = r15
        cmp.eq  p8, p9 = 0, r32
        adds    out0 = -1, r32
        ;;
(p6)    ld8.fill r51 = [r16]                    // odd: a NaT
(p7)    ld8     r51 = [r16]
        ;;
(p8)    br.call.sptk.many b0 = bottom
(p9)    br.call.sptk.many b0 = descend
        ;;
        shl     r14 = r32, 8
        ;;
        MARKS   CHECK
        tbit.nz p6, p7 = r32, 0
        tnat.nz p8, p9 = r51
        ;;
        mov     r14 = 0
        mov     r15 = 0
        ;;
(p6)    mov     r14 = 1
(p8)    mov     r15 = 1
        ;;
        COUNT_UNLESS_EQUAL r14, r15
        mov     ar.pfs = r33
        mov     b0 = r34
        ;;
        br.ret.sptk.many b0
        .endp   descend

        // r31 = 0 in the child.
        .proc   bottom
bottom: alloc   r32 = ar.pfs, 0, 6, 1, 0
        mov     r33 = b0
        movl    r34 = 0x0123456789abcdef        // base of the values
        ;;
        mov     out0 = r34
        mov     r4 = r34
        mov     b3 = r34
        mov     ar.ccv = r34
        br.call.sptk.many b0 = fill
        ;;
        SYSTEM  SYS_FORK
        mov     r31 = r8
        mov     out0 = r34
        br.call.sptk.many b0 = verify
        ;;
        COUNT_UNLESS_EQUAL r4, r34
        mov     r14 = b3
        mov     r15 = ar.ccv
        ;;
        COUNT_UNLESS_EQUAL r14, r34
        COUNT_UNLESS_EQUAL r15, r34
        shladd  r34 = r31, 4, r34               // from now on each its own
        ;;
        mov     out0 = r34
        adds    r34 = 0x111, r34
        ;;
        mov     out0 = r34
        mov     r35 = ar.lc
        mov     r14 = TURNS - 1
        ;;
        mov     ar.lc = r14
        br.call.sptk.many b0 = fill
        ;;
1:      SYSTEM  SYS_YIELD
        mov     out0 = r34
        br.call.sptk.many b0 = verify
        ;;
        br.cloop.sptk.many 1b
        ;;
        mov     ar.lc = r35
        mov     ar.pfs = r32
        mov     b0 = r33
        ;;
        br.ret.sptk.many b0
        .endp   bottom

        .altmacro
        .macro  FILL_ONE n
        adds    r14 = n, r32
        ;;
        setf.sig f&n = r14
        .endm
        .macro  VERIFY_ONE n
        getf.sig r14 = f&n
        adds    r15 = n, r32
        ;;
        COUNT_UNLESS_EQUAL r14, r15
        .endm
        .macro  EACH what
        .set    number, 2
        .rept   126
        what    %number
        .set    number, number + 1
        .endr
        .endm

        .proc   fill
fill:   alloc   r14 = ar.pfs, 1, 0, 0, 0
        ;;
        EACH    FILL_ONE
        br.ret.sptk.many b0
        .endp   fill

        .proc   verify
verify: alloc   r14 = ar.pfs, 1, 0, 0, 0
        ;;
        EACH    VERIFY_ONE
        br.ret.sptk.many b0
        .endp   verify

        .section .rodata
        .balign 8
word:   data8   0
kept:   .ascii  "registers are kept"
kept_end:
lost:   .ascii  "registers are lost"
