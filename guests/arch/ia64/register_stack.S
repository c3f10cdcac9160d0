/* Walk register_stack_store(): { ar.bsp, ar.pfs, b0 } (call_chain.cpp) */
        .text
        .global register_stack_store
        .proc   register_stack_store
register_stack_store:
        flushrs
        ;;
        mov     r8 = ar.bsp
        mov     r9 = ar.pfs
        mov     r10 = b0
        br.ret.sptk.many b0
        .endp   register_stack_store
