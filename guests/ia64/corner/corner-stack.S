// The register stack's own programs. Static registers hold what frames of any size share; only r32 to r34 of
// each frame are known by name.

        .text
        .altmacro

// u64 wrap(size, depth, NaT source): calls itself `depth` deep in frames of `size` registers, all locals, every one
// filled with depth * 128 + number, every fifth a NaT at odd depths; on the way back counts those that are right.
//
//   r14 depth, r15 the alloc, r16 where filling begins, r17 where checking begins, r19 this frame's numbers,
//   r20 a NaT, p6 even depth, p7 odd
        .global wrap
        .proc   wrap
wrap:   alloc   r35 = ar.pfs, 3, 3, 0, 0
        mov     r36 = b0
        mov     r37 = pr
        mov     r8 = 0
        mov     ar.unat = -1
        ;;
        ld8.fill r20 = [r34]
        movl    r15 = allocs
        movl    r16 = fills
        movl    r17 = checks
        mov     r14 = 128
        ;;
        mov     ar.unat = r0
        sub     r14 = r14, r32                  // the lists run from r127 down to r35
        shl     r18 = r32, 5
        ;;
        add     r14 = -32, r14
        add     r15 = r15, r18
        ;;
        shl     r18 = r14, 4
        shl     r21 = r14, 5
        ;;
        add     r16 = r16, r18
        add     r17 = r17, r21
        mov     r14 = r33
        mov     b7 = r15
        ;;
        br.call.sptk.many b0 = b7
        ;;
        mov     pr = r37, -1
        mov     b0 = r36
        mov     ar.pfs = r35
        ;;
        br.ret.sptk.many b0
        .endp   wrap

        .macro  FRAME size
        { .mib
        alloc   r32 = ar.pfs, 0, \size, 0, 0
        nop.i   0
        br.cond.sptk.many filled_frame
        ;; }
        .endm
        .macro  FILL number
        .if     (\number % 5) == 0 || \number == 32
        .pred.rel "mutex", p6, p7
        { .mmi
(p6)    add     r\number = \number, r19
(p7)    add     r\number = \number, r20
        nop.i   0
        }
        .else
        { .mmi
        add     r\number = \number, r19
        nop.m   0
        nop.i   0
        }
        .endif
        .endm
        .macro  CHECK number
        { .mii
        add     r21 = \number, r19
        cmp.ne  p11, p0 = r0, r0
        nop.i   0
        ;; }
        .pred.rel "mutex", p6, p7
        { .mii
        .if     (\number % 5) == 0 || \number == 32
(p6)    cmp.eq  p11, p0 = r\number, r21
(p7)    tnat.nz p11, p0 = r\number
        .else
        cmp.eq  p11, p0 = r\number, r21
        nop.i   0
        .endif
        ;;
(p11)   add     r8 = 1, r8
        ;; }
        .endm

        .proc   filled_frame
        .align  32
allocs: .set    i, 0
        .rept   97
        .if     i < 3
        { .mib
        break.m 0
        nop.i   0
        nop.b   0
        ;; }
        .else
        FRAME   %(i)
        .endif
        { .mib
        nop.m   0
        nop.i   0
        nop.b   0
        ;; }
        .set    i, i + 1
        .endr
filled_frame:
        mov     r33 = b0
        mov     r34 = r14
        shl     r19 = r14, 7
        tbit.z  p6, p7 = r14, 0
        mov     b6 = r16
        ;;
        br.cond.sptk.many b6
        .align  32
fills:  .set    i, 127
        .rept   93
        FILL    %(i)
        .set    i, i - 1
        .endr
        ;;
        cmp.eq  p10, p0 = 0, r14
        add     r14 = -1, r14
        mov     b7 = r15
        ;;
(p10)   br.cond.spnt.few 1f
        br.call.sptk.many b0 = b7
        ;;
1:      shl     r19 = r34, 7
        tbit.z  p6, p7 = r34, 0
        mov     b6 = r17
        ;;
        br.cond.sptk.many b6
        .align  32
checks: .set    i, 127
        .rept   93
        CHECK   %(i)
        .set    i, i - 1
        .endr
        mov     b0 = r33
        mov     ar.pfs = r32
        ;;
        br.ret.sptk.many b0
        .endp   filled_frame

// u64 thin_N(depth, memory): the same in frames of N < 4 registers, which have no room for what a call must keep: that
// goes to memory, two words for each frame. The first register of every frame is a NaT at odd depths.
        .macro  THIN size
        .global thin_\size
        .proc   thin_\size
thin_\size:
        alloc   r34 = ar.pfs, 2, 2, 0, 0
        mov     r35 = b0
        mov     ar.unat = -1
        mov     r14 = r32
        mov     r15 = r33
        mov     r8 = 0
        ;;
        ld8.fill r20 = [r33]
        ;;
        mov     ar.unat = r0
        br.call.sptk.many b0 = 1f
        ;;
        mov     b0 = r35
        mov     ar.pfs = r34
        ;;
        br.ret.sptk.many b0
1:      alloc   r16 = ar.pfs, 0, \size, 0, 0
        mov     r17 = b0
        ;;
        st8     [r15] = r16, 8
        shl     r19 = r14, 7
        tbit.z  p6, p7 = r14, 0
        ;;
        st8     [r15] = r17, 8
        .set    i, 32
        .rept   \size
        FILL    %(i)
        .set    i, i + 1
        .endr
        cmp.eq  p10, p0 = 0, r14
        add     r14 = -1, r14
        ;;
(p10)   br.cond.spnt.few 2f
        br.call.sptk.many b0 = 1b
        ;;
2:      add     r14 = 1, r14
        add     r15 = -8, r15
        ;;
        shl     r19 = r14, 7
        tbit.z  p6, p7 = r14, 0
        ld8     r17 = [r15], -8
        ;;
        ld8     r16 = [r15]
        .set    i, 32
        .rept   \size
        CHECK   %(i)
        .set    i, i + 1
        .endr
        ;;
        mov     b0 = r17
        mov     ar.pfs = r16
        ;;
        br.ret.sptk.many b0
        .endp   thin_\size
        .endm
        .set    size, 0
        .rept   4
        THIN    %(size)
        .set    size, size + 1
        .endr
        .noaltmacro

// u64 on_store(backing store, function, a, b, c, rsc): calls the function with its register stack there; all that
// lies below is in the old one, in memory.
        .global on_store
        .proc   on_store
on_store:
        alloc   r38 = ar.pfs, 6, 7, 3, 0
        mov     r39 = b0
        ld8     r43 = [r33], 8                  // the function's descriptor
        ;;
        flushrs
        ;;
        mov     ar.rsc = 0
        mov     b7 = r43
        ;;
        mov     r40 = ar.bspstore
        mov     r41 = ar.rnat
        ;;
        mov     ar.bspstore = r32
        ;;
        mov     ar.rnat = r0
        mov     ar.rsc = r37
        mov     r45 = r34
        mov     r46 = r35
        mov     r47 = r36
        ;;
        br.call.sptk.many b0 = b7
        ;;
        mov     ar.rsc = 0
        ;;
        loadrs
        ;;
        mov     ar.bspstore = r40
        ;;
        mov     ar.rnat = r41
        mov     ar.rsc = 3
        mov     b0 = r39
        mov     ar.pfs = r38
        ;;
        br.ret.sptk.many b0
        .endp   on_store

// u64 borrow_store(backing store, function, a, b, c): the same as an interruption does it: what is dirty is not
// stored first, but goes along, and comes back by loadrs.
        .global borrow_store
        .proc   borrow_store
borrow_store:
        alloc   r37 = ar.pfs, 5, 7, 3, 0
        mov     r38 = b0
        ld8     r42 = [r33], 8
        ;;
        mov     ar.rsc = 0
        mov     b7 = r42
        ;;
        mov     r39 = ar.bspstore
        mov     r40 = ar.rnat
        ;;
        mov     ar.bspstore = r32
        ;;
        mov     ar.rnat = r0
        mov     ar.rsc = 3
        mov     r44 = r34
        mov     r45 = r35
        mov     r46 = r36
        mov     r41 = r32
        ;;
        br.call.sptk.many b0 = b7
        ;;
        mov     r14 = r37                       // this frame goes: what it holds is moved
        mov     r15 = r38
        mov     r16 = r39
        mov     r17 = r40
        mov     r18 = ar.bsp
        ;;
        sub     r18 = r18, r41
        ;;
        shl     r18 = r18, 16
        mov     ar.rsc = 0
        ;;
        alloc   r19 = ar.pfs, 0, 0, 0, 0
        ;;
        mov     ar.rsc = r18
        ;;
        loadrs
        ;;
        mov     ar.bspstore = r16
        ;;
        mov     ar.rnat = r17
        mov     ar.rsc = 3
        mov     b0 = r15
        mov     ar.pfs = r14
        ;;
        br.ret.sptk.many b0
        .endp   borrow_store

// u64 return_to_memory(hook): 40 locals go to memory by flushrs and out of the registers, a function calls the hook,
// and its br.ret needs all of them: how many were right.
        .altmacro
        .macro  SET number
        mov     r\number = 50 + \number
        .endm
        .macro  COUNT number
        cmp.eq  p6, p0 = 50 + \number, r\number
        ;;
(p6)    add     r8 = 1, r8
        ;;
        .endm
        .global return_to_memory, returned
        .proc   return_to_memory
return_to_memory:
        alloc   r33 = ar.pfs, 3, 44, 1, 0
        mov     r34 = b0
        mov     r15 = r32
        ;;
        .set    i, 36
        .rept   40
        SET     %(i)
        .set    i, i + 1
        .endr
        mov     r79 = r15
        ;;
        br.call.sptk.many b0 = lose_registers
returned:
        mov     r8 = 0
        ;;
        .set    i, 36
        .rept   40
        COUNT   %(i)
        .set    i, i + 1
        .endr
        mov     b0 = r34
        mov     ar.pfs = r33
        ;;
        br.ret.sptk.many b0
        .endp   return_to_memory
        .noaltmacro

        .proc   lose_registers
lose_registers:
        alloc   r33 = ar.pfs, 1, 4, 0, 0
        mov     r34 = b0
        ld8     r35 = [r32], 8
        ;;
        mov     b7 = r35
        flushrs
        ;;
        mov     ar.rsc = 0
        ;;
        loadrs                                  // RSC.loadrs is 0: nothing below is in registers
        ;;
        mov     ar.rsc = 3
        br.call.sptk.many b0 = b7
        ;;
        mov     b0 = r34
        mov     ar.pfs = r33
        ;;
        br.ret.sptk.many b0
        .endp   lose_registers
