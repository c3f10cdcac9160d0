/* long hypercall_with(Probe* probe): a hypercall with registers as the probe says (probe.h), and what they are behind it. The arguments of
 * a hypercall are the frame's first registers; what is kept meanwhile is above them. */
#include "layout.h"
#include "probe.h"

#define WALK r40

        .macro  FILL register
        ld8.fill \register = [WALK], 8
        ;;
        .endm
        .macro  SPILL register
        st8.spill [WALK] = \register, 8
        ;;
        .endm
        .macro  GET register
        ld8     r3 = [WALK], 8
        ;;
        mov     \register = r3
        ;;
        .endm
        .macro  PUT register
        mov     r44 = \register
        ;;
        st8     [WALK] = r44, 8
        ;;
        .endm

        .text
        .global hypercall_with
        .proc   hypercall_with
hypercall_with:
        alloc   r41 = ar.pfs, 1, 24, 0, 0
        mov     WALK = r32
        mov     r42 = b0
        mov     r43 = ar.unat
        mov     r45 = pr
        mov     r46 = ar.lc
        mov     r47 = gp
        mov     r48 = r4
        mov     r49 = r5
        mov     r50 = r6
        mov     r51 = r7
        mov     r52 = b1
        mov     r53 = b2
        mov     r54 = b3
        mov     r55 = ar.ec
        ;;
        GET     ar.unat                         // NaT bits of what follows
        .irp    register, r32, r33, r34, r35, r36, r4, r5, r6, r7
        FILL    \register
        .endr
        .irp    register, b1, b2, b3, ar.lc, ar.ec, ar.ccv
        GET     \register
        .endr
        ld8     r2 = [WALK], 8
        ;;
        .irp    register, r3, r9, r10, r11, r14, r15, r16, r17, r18, r19, r20, r21, r22, r23, r24, r25, r26, r27, r28, r29, r30, r31
        FILL    \register
        .endr
        break   HYPERCALL_BREAK
        ;;
        mov     r56 = ar.unat
        ;;
        PUT     r56
        PUT     r8
        mov     ar.unat = r0
        ;;
        .irp    register, r4, r5, r6, r7
        SPILL   \register
        .endr
        PUT     ar.unat
        .irp    register, b1, b2, b3, ar.lc, ar.ec, ar.ccv, b6, b7
        PUT     \register
        .endr
        mov     ar.unat = r0
        ;;
        .irp    register, r3, r9, r10, r11, r14, r15, r16, r17, r18, r19, r20, r21, r22, r23, r24, r25, r26, r27, r28, r29, r30, r31
        SPILL   \register
        .endr
        .irp    register, f6, f7, f8, f9, f10, f11
        getf.sig r44 = \register
        ;;
        st8     [WALK] = r44, 8
        ;;
        .endr
        // What a larger frame shows: registers that nobody has written.
        alloc   r44 = ar.pfs, 96, 0, 0, 0
        mov     ar.unat = r0
        ;;
        .irp    ten, 5, 6, 7, 8, 9, 10, 11, 12
        .irp    one, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
        .if     (\ten * 10 + \one >= 58) && (\ten * 10 + \one < 128)
        SPILL   r\ten\one
        .endif
        .endr
        .endr
        mov     gp = r47
        mov     r4 = r48
        mov     r5 = r49
        mov     r6 = r50
        mov     r7 = r51
        mov     b1 = r52
        mov     b2 = r53
        mov     b3 = r54
        mov     ar.ec = r55
        mov     ar.lc = r46
        mov     pr = r45, -1
        mov     ar.unat = r43
        mov     b0 = r42
        mov     ar.pfs = r41
        ;;
        br.ret.sptk.many b0
        .endp   hypercall_with

/* long hypercall_small(u64 number, u64 argument): its frame has but two registers; the others are no arguments. */
        .global hypercall_small
        .proc   hypercall_small
hypercall_small:
        mov     r2 = r32
        mov     r14 = r33
        ;;
        alloc   r15 = ar.pfs, 2, 0, 0, 0
        ;;
        mov     r32 = r14
        mov     r33 = r0
        ;;
        break   HYPERCALL_BREAK
        ;;
        br.ret.sptk.many b0
        .endp   hypercall_small
