// FirmwareResult pal_static(u64 pal, u64 index, u64 a1, u64 a2, u64 a3): static registers only, entered by a branch
// (SDM vol. 2 11.10.2.1).
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
