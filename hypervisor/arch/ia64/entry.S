// From guests into the hypervisor and back.
//
// Guests run in bank 1 and cannot switch; what the hypervisor needs first stays in bank 0 while they run:
//   r29 this CPU's stack   r30 the Vcpu   r31 the PerCpu          r16 to r28 are scratch
// Everything is saved before C++ begins, and the guest's register stack is flushed into the Vcpu, so that any VCPU can
// be resumed from anywhere (restore_guest). Data and register stack are physical meanwhile: no miss can happen.
#include "hypervisor/arch/ia64/frames.inc"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/arch/ia64/registers.h"


        .macro  SAVE register
        mov     r22 = \register
        ;;
        st8     [r20] = r22, 8
        ;;
        .endm
        .macro  RESTORE register
        ld8     r22 = [r20], 8
        ;;
        mov     \register = r22
        ;;
        .endm

        .text
// r16 vector, r18 predicates, r17 cr.ipsr, from a guest
        .global guest_entry
        .proc   guest_entry
guest_entry:
        mov     r19 = ar.rsc
        ;;
        mov     ar.rsc = 0
        mov     psr.l = r0                      // data and register stack physical
        ;;
        srlz.i
        cover
        ;;
        .endp   guest_entry

// From hypercall.S, which has come as far as this; r19 ar.rsc.
        .global guest_entry_covered
        .proc   guest_entry_covered
guest_entry_covered:
        dep     r20 = 0, r30, REGION_BIT, 4
        ;;
        mov     r21 = r20
        SAVE    cr.iip
        st8     [r20] = r17, 8
        mov     r23 = ar.bspstore
        ;;
        .irp    register, cr.ifs
        SAVE    \register
        .endr
        st8     [r20] = r23, 8
        mov     r24 = ar.rnat
        ;;
        st8     [r20] = r24, 8
        ;;
        SAVE    ar.bsp
        add     r20 = 8, r20                    // rbs_rnat
        ;;
        st8     [r20] = r19, 8
        ;;
        .irp    register, ar.pfs, ar.unat, ar.fpsr, ar.ccv, ar.lc, ar.ec, ar.csd, ar.ssd
        SAVE    \register
        .endr
        st8     [r20] = r18, 8
        ;;
        .irp    register, b0, b1, b2, b3, b4, b5, b6, b7, cr.isr, cr.ifa, cr.iim, cr.iipa
        SAVE    \register
        .endr
        add     r20 = 16, r20                   // nats, r0
        ;;
        .irp    register, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, r14, r15
        st8.spill [r20] = \register, 8
        ;;
        .endr
        // The guest's register stack: into the Vcpu.
        mov     r25 = 0x1f8
        add     r26 = REGS_STACKED, r21
        ;;
        and     r25 = r25, r23
        ;;
        add     r26 = r26, r25
        ;;
        mov     ar.bspstore = r26
        ;;
        mov     ar.rnat = r24
        ;;
        flushrs
        ;;
        mov     r22 = ar.rnat
        add     r26 = REGS_RBS_RNAT, r21
        ;;
        st8     [r26] = r22
        // Low registers carry what is needed across the banks.
        mov     r2 = r20
        mov     r3 = r21
        mov     r8 = r16
        mov     r9 = r30
        mov     r10 = r29
        mov     r13 = r31
        ;;
        bsw.1
        ;;
        .irp    register, r16, r17, r18, r19, r20, r21, r22, r23, r24, r25, r26, r27, r28, r29, r30, r31
        st8.spill [r2] = \register, 8
        ;;
        .endr
        mov     r14 = ar.unat
        add     r15 = REGS_NATS, r3
        ;;
        st8     [r15] = r14
        .irp    register, f6, f7, f8, f9, f10, f11
        stf.spill [r2] = \register, 16
        ;;
        .endr
        mov     ar.bspstore = r10
        movl    r14 = HV_STACK_SIZE - 16
        movl    r15 = HV_FPSR
        movl    r16 = HV_PSR_LOW
        ;;
        mov     ar.rnat = r0
        mov     ar.fpsr = r15
        add     sp = r10, r14
        movl    gp = __gp
        ;;
        mov     psr.l = r16
        ;;
        srlz.i
        mov     ar.rsc = 3
        mov     ar.pfs = r0
        mov     b0 = r0
        ;;
        alloc   r32 = ar.pfs, 0, 1, 2, 0
        ;;
        mov     out0 = r8
        mov     out1 = r9
        br.call.sptk.many b0 = interruption_from_guest
        ;;
        mov     out0 = r8
        br.call.sptk.many b0 = restore_guest
        .endp   guest_entry_covered

// [[noreturn]] void restore_guest(Vcpu*)
        .global restore_guest
        .proc   restore_guest
restore_guest:
        alloc   r14 = ar.pfs, 1, 0, 0, 0
        mov     r16 = r32
        mov     ar.rsc = 0
        dep     r3 = 0, r32, REGION_BIT, 4
        mov     psr.l = r0                      // collection off, data and register stack physical
        ;;
        srlz.i
        FORGET_FRAMES
        LOAD_GUEST_FRAMES
        add     r14 = REGS_NATS, r3
        ;;
        ld8     r15 = [r14]
        mov     r8 = r16                        // Vcpu
        add     r2 = REGS_R + 16 * 8, r3
        ;;
        mov     ar.unat = r15
        ;;
        .irp    register, r16, r17, r18, r19, r20, r21, r22, r23, r24, r25, r26, r27, r28, r29, r30, r31
        ld8.fill \register = [r2], 8
        ;;
        .endr
        .irp    register, f6, f7, f8, f9, f10, f11
        ldf.fill \register = [r2], 16
        ;;
        .endr
        bsw.0
        ;;
        mov     r30 = r8
        mov     r21 = r3
        add     r20 = REGS_R + 8, r3
        ;;
        .irp    register, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, r14, r15
        ld8.fill \register = [r20], 8
        ;;
        .endr
        mov     r20 = r21
        add     r23 = REGS_RSC, r21
        ;;
        .irp    register, cr.iip, cr.ipsr, cr.ifs
        RESTORE \register
        .endr
        mov     r20 = r23
        ;;
        .irp    register, ar.rsc, ar.pfs, ar.unat, ar.fpsr, ar.ccv, ar.lc, ar.ec, ar.csd, ar.ssd
        RESTORE \register
        .endr
        ld8     r23 = [r20], 8
        ;;
        .irp    register, b0, b1, b2, b3, b4, b5, b6, b7
        RESTORE \register
        .endr
        mov     pr = r23, -1
        ;;
        rfi
        ;;
        .endp   restore_guest

// What went wrong in the hypervisor itself, told on the bottom of this CPU's stack. r16 vector
        .global hypervisor_entry
        .proc   hypervisor_entry
hypervisor_entry:
        mov     ar.rsc = 0
        mov     r17 = cr.iip
        mov     r18 = cr.ipsr
        mov     r19 = cr.isr
        mov     r20 = cr.ifa
        mov     r21 = b0
        ;;
        alloc   r14 = ar.pfs, 0, 0, 0, 0
        ;;
        loadrs
        ;;
        mov     ar.bspstore = r29
        movl    r14 = HV_STACK_SIZE - 16
        ;;
        mov     ar.rnat = r0
        add     sp = r29, r14
        movl    gp = __gp
        mov     r8 = r16
        mov     r9 = r17
        mov     r10 = r18
        mov     r11 = r19
        mov     r14 = r20
        mov     r15 = r21
        mov     r13 = r31
        ;;
        bsw.1
        ;;
        ssm     psr.ic
        mov     ar.rsc = 3
        mov     b0 = r0
        ;;
        srlz.i
        ;;
        alloc   r32 = ar.pfs, 0, 1, 6, 0
        ;;
        mov     out0 = r8
        mov     out1 = r9
        mov     out2 = r10
        mov     out3 = r11
        mov     out4 = r14
        mov     out5 = r15
        br.call.sptk.many b0 = interruption_from_hypervisor
        ;;
        break   0
        ;;
        .endp   hypervisor_entry

// void entry_init(u64 stack, PerCpu*): bank 0 of this CPU
        .global entry_init
        .proc   entry_init
entry_init:
        mov     r2 = r32
        mov     r3 = r33
        rsm     psr.ic
        ;;
        srlz.i
        ;;
        bsw.0
        ;;
        mov     r29 = r2
        mov     r30 = r0
        mov     r31 = r3
        ;;
        bsw.1
        ;;
        ssm     psr.ic
        mov     r13 = r3
        ;;
        srlz.i
        br.ret.sptk.many b0
        .endp   entry_init

// [[noreturn]] void reset_stack_and_call(u64 stack, Function*, void* argument): forgets what is on this CPU's stack.
        .global reset_stack_and_call
        .proc   reset_stack_and_call
reset_stack_and_call:
        mov     r2 = r32
        mov     r3 = r33
        mov     r8 = r34
        mov     ar.rsc = 0
        ;;
        alloc   r14 = ar.pfs, 0, 0, 0, 0
        ;;
        loadrs
        ;;
        mov     ar.bspstore = r2
        movl    r14 = HV_STACK_SIZE - 16
        ;;
        mov     ar.rnat = r0
        mov     ar.rsc = 3
        add     sp = r2, r14
        ld8     r14 = [r3]                      // the function's descriptor
        ;;
        mov     b6 = r14
        mov     b0 = r0
        mov     ar.pfs = r0
        ;;
        alloc   r32 = ar.pfs, 0, 1, 1, 0
        ;;
        mov     out0 = r8
        br.call.sptk.many b0 = b6
        ;;
        break   0
        ;;
        .endp   reset_stack_and_call
