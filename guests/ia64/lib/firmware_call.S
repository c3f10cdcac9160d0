// PAL's calling conventions (SDM vol. 2 11.10.2): static registers only, entered by a branch; and stacked ones. Both
// with interrupts off.
        .text
        .global pal_static
        .proc   pal_static
pal_static:
        alloc   r37 = ar.pfs, 5, 4, 0, 0
        mov     r38 = b0
        mov     r39 = psr
        mov     r28 = r33
        mov     r29 = r34
        mov     r30 = r35
        mov     r31 = r36
        mov     b6 = r32
        ;;
        mov     r40 = ar.rsc
        movl    r14 = back
        rsm     psr.i
        ;;
        mov     ar.rsc = 0
        mov     b0 = r14
        ;;
        br.cond.sptk.many b6
        ;;
back:   mov     psr.l = r39
        mov     ar.rsc = r40
        mov     ar.pfs = r37
        mov     b0 = r38
        ;;
        srlz.d
        br.ret.sptk.many b0
        .endp   pal_static

        .global pal_stacked
        .proc   pal_stacked
pal_stacked:
        alloc   r37 = ar.pfs, 5, 3, 4, 0
        mov     r38 = b0
        mov     r39 = psr
        mov     r28 = r33
        mov     out0 = r33
        mov     out1 = r34
        mov     out2 = r35
        mov     out3 = r36
        mov     b6 = r32
        ;;
        rsm     psr.i
        ;;
        br.call.sptk.many b0 = b6
        ;;
        mov     psr.l = r39
        mov     ar.pfs = r37
        mov     b0 = r38
        ;;
        srlz.d
        br.ret.sptk.many b0
        .endp   pal_stacked
