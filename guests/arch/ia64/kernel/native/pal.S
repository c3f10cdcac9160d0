/* PAL's calling convention with static registers (SDM vol. 2 11.10.2): index and arguments in r28 to r31, entered by a branch,
 * interrupts off, the register stack lazy. */
        .text
        /* FirmwareResult pal_enter(u64 entry, u64 index, u64 a1, u64 a2, u64 a3): results in r8 to r11 for both */
        .global pal_enter
        .proc   pal_enter
pal_enter:
        alloc   r37 = ar.pfs, 5, 4, 0, 0
        mov     r38 = b0
        mov     r39 = ar.rsc
        mov     r40 = pr
        mov     b6 = r32
        mov     r28 = r33
        mov     r29 = r34
        mov     r30 = r35
        mov     r31 = r36
        movl    r14 = 1f
        ;;
        and     r15 = ~3, r39
        mov     b0 = r14
        ;;
        mov     ar.rsc = r15
        ;;
        br.cond.sptk.many b6
        ;;
1:      mov     ar.rsc = r39
        mov     ar.pfs = r37
        mov     b0 = r38
        mov     pr = r40, -1
        ;;
        br.ret.sptk.many b0
        .endp   pal_enter
