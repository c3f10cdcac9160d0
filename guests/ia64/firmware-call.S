// Calls what firmware does not serve: PAL_MC_RESUME (index 26) by the static convention, r28 and b0.
        .text
        .global main
        .proc   main
main:   movl    r14 = 0xff000000                // PAL_PROC
        mov     r28 = 26
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
