/* Registers of user mode that the kernel does not use (user_state.h). */
        .macro  FUNCTION name
        .global \name
        .proc   \name
\name:
        .endm

        .text
        .macro  LOW move
        .irp    register, f2, f3, f4, f5, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30, f31
        \move   \register
        ;;
        .endr
        br.ret.sptk.many b0
        .endm
        .macro  HIGH move
        .altmacro
        .set    n, 32
        .rept   96
        \move   %n
        .set    n, n + 1
        .endr
        .noaltmacro
        .endm
        .macro  SPILL register
        stf.spill [in0] = \register, 16
        .endm
        .macro  FILL register
        ldf.fill \register = [in0], 16
        .endm
        .macro  SPILL_HIGH number
        stf.spill [in0] = f\number, 16
        ;;
        .endm
        .macro  FILL_HIGH number
        ldf.fill f\number = [in0], 16
        ;;
        .endm

        FUNCTION user_save_low
        alloc   r14 = ar.pfs, 1, 0, 0, 0
        ;;
        LOW     SPILL
        .endp   user_save_low

        FUNCTION user_load_low
        alloc   r14 = ar.pfs, 1, 0, 0, 0
        ;;
        LOW     FILL
        .endp   user_load_low

        FUNCTION user_save_high
        alloc   r14 = ar.pfs, 1, 0, 0, 0
        ;;
        HIGH    SPILL_HIGH
        br.ret.sptk.many b0
        .endp   user_save_high

        FUNCTION user_load_high
        alloc   r14 = ar.pfs, 1, 0, 0, 0
        ;;
        HIGH    FILL_HIGH
        br.ret.sptk.many b0
        .endp   user_load_high

        FUNCTION register_stack_flush
        mov     r14 = ar.rsc
        ;;
        flushrs
        ;;
        and     r15 = ~3, r14                   // lazy, so that rnat may be read
        ;;
        mov     ar.rsc = r15
        ;;
        mov     r8 = ar.rnat
        ;;
        mov     ar.rsc = r14
        br.ret.sptk.many b0
        .endp   register_stack_flush

        FUNCTION register_stack_pointer
        mov     r8 = ar.bsp
        br.ret.sptk.many b0
        .endp   register_stack_pointer
