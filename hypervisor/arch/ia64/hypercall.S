// Hypercalls of guest kernels (`break 0x1000`), the usual way. A hypercall is a call: what the calling convention lets a procedure
// change is the hypervisor's to change, and a guest finds it cleared. So only this is put into the Vcpu:
//
//   where the guest goes on, its frames, what C++ needs for itself (r1, r12, r13, b0, ar.pfs, ar.fpsr, predicates)
//
// and this stays in the CPU, since C++ keeps it (ar.lc, ar.ec, ar.unat) or is compiled not to use it (r4 to r7, b1 to b5, ar.csd,
// ar.ssd, most of f2 to f127; CTest lint_ia64_hypervisor_registers). Only when the guest does not go on at once, because another VCPU
// runs, or an event comes first, or the hypercall is to be continued, it is saved, too; then restore_guest (entry.S) ends it.
#include "hypervisor/arch/ia64/frames.inc"
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/arch/ia64/registers.h"

#define ARGUMENTS 5

        .text
// From break_entry (fast.S): r16 vector, r17 cr.ipsr, r18 predicates. Calls with a number that is none of common's, or with a NaT
// where C++ would trip over it, take the way of all other interruptions.
        .global hypercall_entry
        .proc   hypercall_entry
hypercall_entry:
        cmp.ltu p6, p0 = HYPERCALLS - 1, r2
        dep     r20 = 0, r30, REGION_BIT, 4
        tnat.nz p7, p0 = r32                    // a register outside of the frame has some value
        ;;
        mov     r19 = ar.rsc
        tnat.nz.or p6, p0 = r1
        tnat.nz.or p6, p0 = r2
        tnat.nz p8, p0 = r33
        tnat.nz.or p6, p0 = r12
        tnat.nz.or p6, p0 = r13
        add     r28 = REGS_STACKED, r20
        tnat.nz p9, p0 = r34
        tnat.nz p10, p0 = r35
        add     r21 = REGS_PSR, r20
        tnat.nz p11, p0 = r36
(p6)    br.cond.spnt.many guest_entry
        ;;
        mov     ar.rsc = 0
        mov     r8 = r32
        mov     r9 = r33
        mov     psr.l = r0                      // data and register stack physical
        mov     r10 = r34
        mov     r11 = r35
        ;;
        srlz.i
(p7)    mov     r8 = r0
(p8)    mov     r9 = r0
        mov     r14 = r36
(p9)    mov     r10 = r0
        cover
        ;;
        mov     r22 = cr.iip
        mov     r23 = cr.ifs
(p10)   mov     r11 = r0
        ;;
        mov     r25 = ar.bspstore
        mov     r27 = ar.rnat
        extr.u  r26 = r23, 0, 7
        ;;
        st8     [r20] = r22, REGS_IFS - REGS_IP
        st8     [r21] = r17, REGS_BSPSTORE - REGS_PSR
        cmp.gtu p6, p0 = ARGUMENTS, r26
(p11)   mov     r14 = r0
        mov     r24 = ar.pfs
(p6)    br.cond.spnt.many guest_entry_covered
        ;;
        st8     [r20] = r23, REGS_RNAT - REGS_IFS
        st8     [r21] = r25, REGS_BSP - REGS_BSPSTORE
        extr.u  r26 = r25, 3, 6                 // `stacked` is where the guest's backing store is, modulo 64 words
        ;;
        mov     r22 = ar.bsp
        mov     r23 = ar.fpsr
        shladd  r26 = r26, 3, r28
        ;;
        st8     [r20] = r27, REGS_PFS - REGS_RNAT
        st8     [r21] = r22, REGS_RSC - REGS_BSP
        mov     r25 = b0
        ;;
        st8     [r20] = r24, REGS_FPSR - REGS_PFS
        st8     [r21] = r19, REGS_PR - REGS_RSC
        mov     r3 = r29
        ;;
        st8     [r20] = r23, REGS_B - REGS_FPSR
        st8     [r21] = r18, REGS_R + 8 - REGS_PR
        mov     r15 = r30
        ;;
        st8     [r20] = r25, REGS_R + 12 * 8 - REGS_B
        st8     [r21] = r1, 12 * 8
        ;;
        st8     [r20] = r12
        st8     [r21] = r13
        add     r28 = REGS_RBS_RNAT - REGS_STACKED, r28
        // The guest's frames: into the Vcpu.
        mov     ar.bspstore = r26
        ;;
        mov     ar.rnat = r27
        mov     r13 = r31
        ;;
        flushrs
        ;;
        mov     r22 = ar.rnat
        ;;
        st8     [r28] = r22
        bsw.1
        ;;
        mov     ar.bspstore = r3
        movl    r16 = HV_PSR_LOW
        ;;
        mov     ar.rnat = r0
        movl    r17 = HV_FPSR
        ;;
        mov     psr.l = r16
        movl    gp = __gp
        ;;
        srlz.i
        addl    sp = HV_STACK_SIZE - 16, r3
        ;;
        mov     ar.fpsr = r17
        mov     ar.rsc = 3
        ;;
        alloc   r32 = ar.pfs, 0, 2, ARGUMENTS + 2, 0
        ;;
        mov     out0 = r8
        mov     out1 = r9
        mov     out2 = r10
        mov     out3 = r11
        mov     out4 = r14
        mov     out5 = r2
        mov     out6 = r15
        mov     r33 = r15
        br.call.sptk.many b0 = hypercall_from_guest
        ;;
        mov     ar.rsc = 0
        dep     r3 = 0, r33, REGION_BIT, 4
        tbit.z  p6, p0 = r8, 0
(p6)    br.cond.spnt.many hypercall_leaves
        ;;
        // On with the guest: but for r8, what it must not rely on is 0.
        mov     psr.l = r0
        mov     r16 = r0
        mov     r17 = r0
        ;;
        srlz.i
        mov     r2 = ar.ec
        mov     r18 = r0
        ;;
        FORGET_FRAMES
        mov     ar.ec = r2
        LOAD_GUEST_FRAMES
        .irp    register, r19, r20, r21, r22, r23, r24, r25, r26, r27, r28, r29, r30, r31
        mov     \register = r0
        .endr
        bsw.0
        ;;
        dep     r20 = 0, r30, REGION_BIT, 4
        mov     ar.ccv = r0
        mov     f6 = f0
        ;;
        add     r21 = REGS_PSR, r20
        ld8     r22 = [r20], REGS_IFS - REGS_IP
        mov     f7 = f0
        ;;
        ld8     r23 = [r21], REGS_RSC - REGS_PSR
        ld8     r24 = [r20], REGS_PFS - REGS_IFS
        mov     b6 = r0
        ;;
        ld8     r25 = [r21], REGS_FPSR - REGS_RSC
        ld8     r26 = [r20], REGS_PR - REGS_PFS
        mov     b7 = r0
        ;;
        ld8     r27 = [r21], REGS_B - REGS_FPSR
        mov     f8 = f0
        mov     r2 = r0
        ld8     r28 = [r20], REGS_R + 8 - REGS_PR
        mov     f9 = f0
        mov     r3 = r0
        ;;
        ld8     r19 = [r21], REGS_R + 12 * 8 - REGS_B
        ld8     r1 = [r20], 7 * 8
        mov     r9 = r0
        ;;
        ld8     r12 = [r21], 8
        ld8     r8 = [r20]
        mov     ar.pfs = r26
        ;;
        ld8     r13 = [r21]
        mov     cr.iip = r22
        mov     b0 = r19
        mov     cr.ipsr = r23
        mov     f10 = f0
        mov     r10 = r0
        mov     cr.ifs = r24
        mov     f11 = f0
        mov     r11 = r0
        mov     ar.fpsr = r27
        mov     ar.rsc = r25
        mov     r14 = r0
        mov     r15 = r0
        mov     pr = r28, -1
        ;;
        rfi
        ;;
        .endp   hypercall_entry

// Not at once. The stack is the hypervisor's still; r3 the Vcpu's physical address, r33 the Vcpu.
        .proc   hypercall_leaves
hypercall_leaves:
        .regstk 0, 2, ARGUMENTS + 2, 0
        mov     ar.rsc = 3
        mov     r14 = ar.unat
        add     r2 = REGS_UNAT, r33
        mov     r15 = ar.lc
        ;;
        st8     [r2] = r14, REGS_LC - REGS_UNAT
        mov     r16 = ar.ec
        ;;
        st8     [r2] = r15, 8
        mov     r17 = ar.csd
        ;;
        st8     [r2] = r16, 8
        mov     r18 = ar.ssd
        ;;
        st8     [r2] = r17, 8
        ;;
        st8     [r2] = r18, REGS_B + 8 - REGS_SSD
        ;;
        .irp    register, b1, b2, b3, b4, b5
        mov     r14 = \register
        ;;
        st8     [r2] = r14, 8
        ;;
        .endr
        add     r2 = REGS_R + 4 * 8, r33
        mov     ar.unat = r0
        ;;
        .irp    register, r4, r5, r6, r7
        st8.spill [r2] = \register, 8
        ;;
        .endr
        mov     r14 = ar.unat
        add     r2 = REGS_NATS, r33
        ;;
        st8     [r2] = r14
        mov     out0 = r33
        br.call.sptk.many b0 = hypercall_ends_later
        ;;
        mov     out0 = r8
        br.call.sptk.many b0 = restore_guest
        .endp   hypercall_leaves

        .section .rodata
        .align  8
        .skip   (96 + 2) * 8                    // and at most two NaT collections
hv_zero_frame:
        .global hv_zero_frame
