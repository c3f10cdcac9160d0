// Division of integers, which the compiler makes calls of. libgcc's own uses f12 and more, which are a guest's; these have what the
// hypervisor has for itself, f6 to f11 (entry.S keeps them). Newton's iteration as Intel's manuals have it (Itanium Software
// Developer's Manual, "Divide and Square Root"): exact for 64 bits in the widest precision, sf1.
        .text
        // in: a and b as significands in f6 and f7, unsigned. out: f8 = a / b, an integer.
        .macro  QUOTIENT
        fcvt.xuf.s1 f6 = f6
        fcvt.xuf.s1 f7 = f7
        ;;
        frcpa.s1 f8, p6 = f6, f7                // about 1/b; p6 clear: a special case, and done
        ;;
(p6)    fnma.s1 f9 = f7, f8, f1
(p6)    fma.s1  f10 = f6, f8, f0
        ;;
(p6)    fma.s1  f11 = f9, f9, f0
(p6)    fma.s1  f8 = f9, f8, f8
(p6)    fma.s1  f10 = f9, f10, f10
        ;;
(p6)    fma.s1  f8 = f11, f8, f8
(p6)    fma.s1  f10 = f11, f10, f10
        ;;
(p6)    fnma.s1 f9 = f7, f10, f6
        ;;
(p6)    fma.s1  f8 = f9, f8, f10
        ;;
        fcvt.fxu.trunc.s1 f8 = f8
        ;;
        .endm

        // r14, r15: absolute values of in0, in1
        .macro  ABSOLUTES
        cmp.gt  p7, p8 = 0, r32
        cmp.gt  p9, p10 = 0, r33
        ;;
(p7)    sub     r14 = r0, r32
(p8)    mov     r14 = r32
(p9)    sub     r15 = r0, r33
(p10)   mov     r15 = r33
        ;;
        .endm

        .macro  FUNCTION name
        .global \name
        .proc   \name
\name:  .regstk 2, 0, 0, 0
        .endm

        FUNCTION __udivdi3
        setf.sig f6 = r32
        setf.sig f7 = r33
        ;;
        QUOTIENT
        getf.sig r8 = f8
        br.ret.sptk.many b0
        .endp   __udivdi3

        FUNCTION __umoddi3
        setf.sig f6 = r32
        setf.sig f7 = r33
        ;;
        QUOTIENT
        sub     r14 = r0, r33
        ;;
        setf.sig f6 = r32
        setf.sig f7 = r14
        ;;
        xma.l   f8 = f8, f7, f6
        ;;
        getf.sig r8 = f8
        br.ret.sptk.many b0
        .endp   __umoddi3

        FUNCTION __divdi3
        ABSOLUTES
        setf.sig f6 = r14
        setf.sig f7 = r15
        xor     r16 = r32, r33
        ;;
        QUOTIENT
        getf.sig r8 = f8
        cmp.gt  p6, p7 = 0, r16
        ;;
(p6)    sub     r8 = r0, r8
        br.ret.sptk.many b0
        .endp   __divdi3

        FUNCTION __moddi3
        ABSOLUTES
        setf.sig f6 = r14
        setf.sig f7 = r15
        ;;
        QUOTIENT
        sub     r15 = r0, r15
        ;;
        setf.sig f6 = r14
        setf.sig f7 = r15
        ;;
        xma.l   f8 = f8, f7, f6
        cmp.gt  p7, p8 = 0, r32
        ;;
        getf.sig r8 = f8
        ;;
(p7)    sub     r8 = r0, r8
        br.ret.sptk.many b0
        .endp   __moddi3
