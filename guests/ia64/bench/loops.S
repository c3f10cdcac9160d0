// The loops of `xenoscope bench ia64`: each is entered as a function, its first argument says how often.
        .text

// Twelve slots of integer arithmetic.
        .global loop_alu
        .proc   loop_alu
loop_alu:
        alloc   r2 = ar.pfs, 1, 0, 0, 0
        mov     r3 = ar.lc
        add     r32 = -1, r32
        ;;
        mov     ar.lc = r32
        mov     r14 = 1
        mov     r15 = 2
        mov     r16 = 3
        mov     r19 = 5
        mov     r20 = 7
        ;;
1:      { .mii
        add     r14 = r14, r15
        xor     r16 = r19, r15
        shl     r17 = r20, 3
        ;;
        }
        { .mii
        sub     r18 = r17, r16
        and     r19 = r17, r14
        extr.u  r20 = r17, 5, 20
        ;;
        }
        { .mmi
        add     r15 = r18, r19
        or      r21 = r20, r16
        cmp.lt  p6, p7 = r18, r19
        ;;
        }
        { .mib
(p6)    add     r14 = 1, r14
(p7)    add     r15 = 3, r15
        br.cloop.sptk 1b
        ;;
        }
        mov     ar.lc = r3
        mov     r8 = r15
        br.ret.sptk b0
        .endp   loop_alu

// Rounds over an array of doublewords, each loaded, changed and stored: nine slots.
        .global loop_mem
        .proc   loop_mem
loop_mem:
        alloc   r2 = ar.pfs, 3, 0, 0, 0         // rounds, base, doublewords
        mov     r3 = ar.lc
        add     r34 = -1, r34
        ;;
2:      mov     r14 = r33
        mov     r16 = r33
        mov     ar.lc = r34
        ;;
1:      { .mii
        ld8     r15 = [r14], 8
        nop.i   0
        nop.i   0
        ;;
        }
        { .mii
        nop.m   0
        add     r15 = r15, r32
        nop.i   0
        ;;
        }
        { .mib
        st8     [r16] = r15, 8
        nop.i   0
        br.cloop.sptk 1b
        ;;
        }
        add     r32 = -1, r32
        ;;
        cmp.ne  p6, p0 = 0, r32
(p6)    br.cond.sptk 2b
        ;;
        mov     ar.lc = r3
        mov     r8 = r15
        br.ret.sptk b0
        .endp   loop_mem

// Fibonacci numbers by recursion: frames that stay in registers.
        .global loop_call
        .proc   loop_call
loop_call:
        alloc   r34 = ar.pfs, 1, 3, 1, 0
        mov     r33 = b0
        cmp.gt  p6, p0 = 2, r32
        ;;
(p6)    mov     r8 = r32
(p6)    br.cond.spnt 9f
        add     r36 = -1, r32
        br.call.sptk b0 = loop_call
        ;;
        mov     r35 = r8
        add     r36 = -2, r32
        br.call.sptk b0 = loop_call
        ;;
        add     r8 = r8, r35
9:      mov     ar.pfs = r34
        mov     b0 = r33
        br.ret.sptk b0
        ;;
        .endp   loop_call

// Calls as deep as the argument says: the register stack goes to memory and comes back.
        .global loop_rse
        .proc   loop_rse
loop_rse:
        alloc   r34 = ar.pfs, 1, 8, 1, 0
        mov     r33 = b0
        cmp.eq  p6, p0 = 0, r32
        ;;
        mov     r35 = r32
        mov     r36 = r32
        mov     r37 = r32
(p6)    mov     r8 = 0
(p6)    br.cond.spnt 9f
        add     r41 = -1, r32
        br.call.sptk b0 = loop_rse
        ;;
        add     r8 = r8, r35
        ;;
        add     r8 = r8, r37
9:      mov     ar.pfs = r34
        mov     b0 = r33
        br.ret.sptk b0
        ;;
        .endp   loop_rse

// A copy in rotating registers, a load and the store of the load three rounds before: six slots.
        .global loop_copy
        .proc   loop_copy
loop_copy:
        alloc   r2 = ar.pfs, 3, 29, 0, 32       // source, target, doublewords
        mov     r3 = ar.lc
        mov     r9 = pr
        mov     r14 = r32
        mov     r15 = r33
        add     r34 = -1, r34
        ;;
        mov     ar.lc = r34
        mov     ar.ec = 4
        mov     pr.rot = 1 << 16
        ;;
1:      { .mmi
(p16)   ld8     r40 = [r14], 8
(p19)   st8     [r15] = r43, 8
        nop.i   0
        }
        { .mib
        nop.m   0
        nop.i   0
        br.ctop.sptk 1b
        ;;
        }
        mov     ar.lc = r3
        mov     pr = r9, -1
        mov     ar.pfs = r2
        mov     r8 = r14
        br.ret.sptk b0
        .endp   loop_copy

// A chain of double-precision multiply-adds: six slots.
        .global loop_fp
        .proc   loop_fp
loop_fp:
        alloc   r2 = ar.pfs, 1, 0, 0, 0
        mov     r3 = ar.lc
        add     r32 = -1, r32
        movl    r14 = 0x3ff0000000000001        // a little more than 1
        movl    r15 = 0x3e112e0be826d695        // 1e-9
        ;;
        setf.d  f6 = r14
        setf.d  f7 = r15
        setf.d  f8 = r14
        mov     ar.lc = r32
        ;;
1:      { .mfi
        nop.m   0
        fma.d   f8 = f8, f6, f7
        nop.i   0
        ;;
        }
        { .mfb
        nop.m   0
        fma.d   f9 = f8, f6, f7
        br.cloop.sptk 1b
        ;;
        }
        getf.sig r8 = f8
        mov     ar.lc = r3
        br.ret.sptk b0
        .endp   loop_fp

// A break, and a handler that skips it.
        .global loop_break
        .proc   loop_break
loop_break:
        alloc   r2 = ar.pfs, 1, 0, 0, 0
        mov     r3 = ar.lc
        add     r32 = -1, r32
        ;;
        mov     ar.lc = r32
        ;;
1:      break.i 0x123
        br.cloop.sptk 1b
        ;;
        mov     ar.lc = r3
        mov     r8 = r0
        br.ret.sptk b0
        .endp   loop_break

        .global break_handler
break_handler:
        mov     r16 = cr.ipsr
        mov     r17 = cr.iip
        ;;
        extr.u  r18 = r16, 41, 2
        ;;
        cmp.eq  p6, p7 = 2, r18
        ;;
(p6)    add     r17 = 16, r17
(p6)    mov     r18 = 0
(p7)    add     r18 = 1, r18
        ;;
        dep     r16 = r18, r16, 41, 2
        mov     cr.iip = r17
        ;;
        mov     cr.ipsr = r16
        ;;
        rfi
        ;;
        .global break_handler_end
break_handler_end:

// A page is purged and touched: a data TLB miss that its handler answers by itc.d.
        .global loop_miss
        .proc   loop_miss
loop_miss:
        alloc   r2 = ar.pfs, 1, 0, 0, 0
        mov     r3 = ar.lc
        movl    r14 = (5 << 61) + 0x4000
        mov     r16 = 14 << 2
        add     r32 = -1, r32
        ;;
        mov     ar.lc = r32
        ;;
1:      ptc.l   r14, r16
        ;;
        srlz.d
        ;;
        ld8     r15 = [r14]
        br.cloop.sptk 1b
        ;;
        mov     ar.lc = r3
        mov     r8 = r0
        br.ret.sptk b0
        .endp   loop_miss

        .global miss_handler
miss_handler:
        mov     r17 = cr.ifa
        movl    r18 = 0x400661                  // present, accessed, dirty, read and write at level 0
        mov     r19 = 14 << 2
        ;;
        mov     cr.itir = r19
        ;;
        itc.d   r18
        ;;
        rfi
        ;;
        .global miss_handler_end
miss_handler_end:

// Translation on: the first 16 MiB and the console's page where they are, region 5 with pages of 16 KiB.
        .global go_virtual
        .proc   go_virtual
go_virtual:
        alloc   r2 = ar.pfs, 1, 0, 0, 0         // the console's page
        rsm     psr.ic | psr.i
        ;;
        srlz.i
        ;;
        mov     r14 = 24 << 2
        mov     r15 = r0
        ;;
        mov     cr.itir = r14
        mov     cr.ifa = r15
        movl    r16 = 0x661
        ;;
        itr.d   dtr[r0] = r16
        ;;
        itr.i   itr[r0] = r16
        ;;
        mov     r17 = 1
        mov     r19 = 14 << 2
        movl    r20 = 0x671                     // uncacheable
        ;;
        or      r20 = r20, r32
        mov     cr.itir = r19
        mov     cr.ifa = r32
        ;;
        itr.d   dtr[r17] = r20
        ;;
        movl    r14 = 5 << 61
        movl    r15 = (5 << 8) | (14 << 2)
        ;;
        mov     rr[r14] = r15
        ;;
        srlz.d
        ;;
        flushrs
        ;;
        mov     r14 = ar.rsc
        ;;
        mov     ar.rsc = 0
        ;;
        movl    r15 = (1 << 44) | (1 << 36) | (1 << 27) | (1 << 17) | (1 << 13) // bn it rt dt ic
        movl    r16 = 1f
        ;;
        mov     cr.ipsr = r15
        mov     cr.iip = r16
        mov     cr.ifs = r0
        ;;
        rfi
        ;;
1:      mov     ar.rsc = r14
        br.ret.sptk b0
        .endp   go_virtual

        .global call_simulator
        .proc   call_simulator
call_simulator:
        alloc   r2 = ar.pfs, 5, 0, 0, 0
        mov     r15 = r36
        ;;
        break   0x80001
        br.ret.sptk.many b0
        .endp   call_simulator
