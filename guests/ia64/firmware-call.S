// Calls firmware that is not there: PAL_FREQ_RATIOS (index 14) by the static convention, r28 and b0.
        .text
        .global main
        .proc   main
main:   movl    r14 = 0xff000000                // PAL_PROC
        mov     r28 = 14
        mov     r29 = r0
        mov     r30 = r0
        mov     r31 = r0
        ;;
        mov     b6 = r14
        ;;
        br.call.sptk.many b0 = b6
        ;;
        mov     r8 = r0
        br.ret.sptk.many b0
        .endp   main
