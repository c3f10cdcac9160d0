// From the entry (physical mode, any stack) to main. Processors that are woken (wake_others) enter here as well;
// those whose local id is not 0 go to other_main, with an own stack, and back to firmware afterwards. What main returns goes to the exit port.
#include "guests/ia64/lib/layout.h"

        .text
        .global _start
        .proc   _start
_start: rsm     psr.i | psr.ic
        mov     ar.rsc = 0
        mov     r14 = cr.lid
        mov     r4 = b0                         // where firmware waits for the next wake-up
        ;;
        srlz.d
        extr.u  r14 = r14, 24, 8                // id; eid is 0
        movl    gp = __gp
        movl    r15 = stacks
        movl    r16 = fpsr_default
        ;;
        // [ memory stack, downwards | backing store, upwards ] of each processor
        shl     r17 = r14, STACK_SHIFT
        mov     ar.fpsr = r16
        movl    r18 = STACK_SIZE / 2
        ;;
        add     r15 = r15, r17
        ;;
        add     r15 = r15, r18
        ;;
        loadrs                                  // rsc.loadrs = 0: forget what others left
        ;;
        mov     ar.bspstore = r15
        add     sp = -16, r15                   // 16 bytes of scratch belong to the callee
        ;;
        mov     ar.rnat = r0
        mov     ar.rsc = 3
        movl    r19 = interruption_vectors
        ;;
        mov     cr.iva = r19
        cmp.ne  p6, p7 = 0, r14
        movl    r20 = boot_parameters
        ;;
(p7)    st8     [r20] = r28
        ssm     psr.ic
        ;;
        srlz.i
        mov     ar.pfs = r0
        mov     b0 = r0
        ;;
        alloc   r32 = ar.pfs, 0, 1, 1, 0        // one local: ar.pfs, which nobody needs
        mov     out0 = r14
(p6)    br.cond.spnt.many other
        ;;
        br.call.sptk.many b0 = main
        ;;
        mov     out0 = r8
        br.call.sptk.many b0 = program_exit
        ;;
other:  br.call.sptk.many b0 = other_main
        ;;
        mov     b6 = r4
        ;;
        br.cond.sptk.many b6
        .endp   _start

        .section .rodata
        .set    fpsr_default, 0x0009804c8a70033f // traps off; sf0 double-extended, sf1 widest (SDM vol. 1 5.1.2)

        .bss
        .global boot_parameters
        .align  8
boot_parameters:
        .skip   8
        .align  4096
stacks: .skip   STACK_SIZE * MOST_CPUS
