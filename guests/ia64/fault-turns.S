// Two handlers that are wrong, and call each other for ever: the one for breaks stores where no memory can be, the
// one for that is a break again. A register counts, so that no two rounds are alike.
        .text
        .global main
        .proc   main
main:   movl    r14 = 0x1000000
        movl    r15 = 0x1000000 + 0x2c00        // break instruction
        movl    r16 = handler
        ;;
        mov     cr.iva = r14
        ld8     r17 = [r16], 8
        movl    r2 = 1 << 60                    // not a physical address
        ;;
        ld8     r18 = [r16]
        st8     [r15] = r17, 8
        ;;
        st8     [r15] = r18
        ;;
        fc.i    r15
        ;;
        sync.i
        ;;
        srlz.i
        ;;
        break.m 1
        ;;
        br.ret.sptk.many b0

        .align  16
handler:
        { .mmi
        add     r3 = 1, r3
        st8     [r2] = r0
        nop.i   0 ;;
        }
        .endp   main
