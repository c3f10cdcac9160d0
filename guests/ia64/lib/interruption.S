// The interruption vector table. All handlers are alike: save everything that C++ may change into a TrapFrame on
// the memory stack, call interruption(), restore, return. The register stack stays where it is: `cover` puts
// the interrupted frame below a new one, rfi takes it back.
#include "guests/ia64/lib/layout.h"

        .macro  VECTOR offset
        .org    \offset
        mov     r16 = \offset
        br.cond.sptk.many save
        .endm

        .section .ivt, "ax"
        .global interruption_vectors
interruption_vectors:
        .irp    offset, 0x0000, 0x0400, 0x0800, 0x0c00, 0x1000, 0x1400, 0x1800, 0x1c00, 0x2000, 0x2400, 0x2800, 0x2c00, 0x3000, 0x3400
        VECTOR  \offset
        .endr
        .irp    offset, 0x5000, 0x5100, 0x5200, 0x5300, 0x5400, 0x5500, 0x5600, 0x5700, 0x5900, 0x5a00, 0x5b00, 0x5c00, 0x5d00, 0x5e00, 0x5f00, 0x6000, 0x6100
        VECTOR  \offset
        .endr

        // Moves between the frame at [r20] and a register that only r22 can be moved to and from.
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
        .proc   save
        // PSR.ic and PSR.i are 0; r16 to r31 are bank 0, ours until PSR.ic is 1 again.
save:   mov     r17 = pr
        add     r20 = -FRAME_SIZE, sp
        add     r21 = -FRAME_SIZE, sp
        mov     r18 = ar.rsc
        ;;
        tbit.nz p6, p0 = r18, 2                 // not level 0: a domain, where `cover` has to be asked for
(p6)    br.cond.spnt.many 1f
        cover                                   // cr.ifs = the interrupted frame
        ;;
        br.cond.sptk.many 2f
1:      break   4
        ;;
2:
        st8     [r20] = r16, 8
        ;;
        .irp    register, cr.iip, cr.ipsr, cr.ifs, cr.isr, cr.ifa, cr.itir, cr.iipa, cr.iim, cr.iha, r17
        SAVE    \register
        .endr
        .irp    register, b0, b6, b7, ar.unat, ar.pfs, ar.ccv, ar.fpsr, ar.lc, ar.ec, ar.rsc, ar.csd, ar.ssd
        SAVE    \register
        .endr
        .irp    register, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r13, r14, r15
        st8.spill [r20] = \register, 8
        ;;
        .endr
        mov     r2 = r20
        mov     r3 = r21
        bsw.1
        ;;
        .irp    register, r16, r17, r18, r19, r20, r21, r22, r23, r24, r25, r26, r27, r28, r29, r30, r31
        st8.spill [r2] = \register, 8
        ;;
        .endr
        mov     r14 = ar.unat
        ;;
        st8     [r2] = r14, 8
        ;;
        .irp    register, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15
        stf.spill [r2] = \register, 16
        ;;
        .endr
        alloc   r32 = ar.pfs, 0, 2, 1, 0
        movl    gp = __gp
        add     sp = -16, r3
        ;;
        mov     r33 = r3
        mov     out0 = r3
        ssm     psr.ic
        ;;
        srlz.i
        br.call.sptk.many b0 = interruption
        ;;
        rsm     psr.i | psr.ic
        mov     r3 = r33
        ;;
        srlz.i
        ;;
        alloc   r14 = ar.pfs, 0, 0, 0, 0        // nothing lies above the interrupted frame
        add     r2 = FRAME_NAT, r3
        ;;
        ld8     r14 = [r2], 8
        ;;
        mov     ar.unat = r14
        ;;
        .irp    register, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15
        ldf.fill \register = [r2], 16
        ;;
        .endr
        add     r2 = FRAME_GR + 14 * 8, r3      // r1 to r11, r13 to r15 come first
        ;;
        .irp    register, r16, r17, r18, r19, r20, r21, r22, r23, r24, r25, r26, r27, r28, r29, r30, r31
        ld8.fill \register = [r2], 8
        ;;
        .endr
        bsw.0
        ;;
        mov     r21 = r3
        add     r20 = FRAME_GR, r3
        ;;
        .irp    register, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r13, r14, r15
        ld8.fill \register = [r20], 8
        ;;
        .endr
        add     r20 = FRAME_IIP, r21
        add     sp = FRAME_SIZE, r21
        ;;
        .irp    register, cr.iip, cr.ipsr, cr.ifs
        RESTORE \register
        .endr
        add     r20 = FRAME_PR, r21
        ;;
        ld8     r17 = [r20], 8
        ;;
        .irp    register, b0, b6, b7, ar.unat, ar.pfs, ar.ccv, ar.fpsr, ar.lc, ar.ec, ar.rsc, ar.csd, ar.ssd
        RESTORE \register
        .endr
        mov     pr = r17, -1
        rfi
        ;;
        .endp   save

// u64 domain_call(u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 number)
        .global domain_call
        .proc   domain_call
domain_call:
        mov     r2 = r37
        break   0x1000
        br.ret.sptk.many b0
        .endp   domain_call
