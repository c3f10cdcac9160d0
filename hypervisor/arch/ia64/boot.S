// From the boot loader, and from SAL for the other processors: physical mode, nothing to rely on but r28 (boot parameters,
// first processor only) and for the others cr.lid. Translation registers for the image, region registers, and on at the
// image's virtual address, on this CPU's stack.
#include "hypervisor/arch/ia64/layout.h"

        .text
// Both before translation is on: gp and labels are physical.
        .global boot_physical
        .proc   boot_physical
boot_physical:
        rsm     psr.i | psr.ic
        mov     r20 = 0
        movl    r21 = boot_main
        ;;
        br.cond.sptk.many to_virtual
        .endp   boot_physical

        .global ap_physical
        .proc   ap_physical
ap_physical:
        rsm     psr.i | psr.ic
        movl    r21 = ap_main
        movl    r22 = ap_number - HV_DIRECT
        ;;
        srlz.i
        ;;
        ld8     r20 = [r22]
        br.cond.sptk.many to_virtual
        .endp   ap_physical

// r20 this CPU's number, r21 where to go, r28 its argument
        .proc   to_virtual
to_virtual:
        srlz.i
        mov     ar.rsc = 0
        movl    r14 = HV_RR(HV_RID_IDLE, 12)
        mov     r15 = 0
        mov     ar.lc = 7
        movl    r16 = 1 << 8                    // the next RID
        movl    r17 = 1 << 61                   // the next region
        ;;
1:      mov     rr[r15] = r14
        ;;
        add     r14 = r14, r16
        add     r15 = r15, r17
        br.cloop.sptk.few 1b
        ;;
        srlz.d
        movl    r14 = HV_IMAGE_SHIFT << 2
        movl    r15 = HV_DIRECT + HV_IMAGE_PA
        movl    r16 = HV_IMAGE_PA | HV_PTE_RWX
        mov     r17 = HV_ITR_IMAGE
        mov     r18 = HV_DTR_IMAGE
        ;;
        mov     cr.itir = r14
        mov     cr.ifa = r15
        ;;
        itr.i   itr[r17] = r16
        ;;
        itr.d   dtr[r18] = r16
        ;;
        srlz.i
        movl    r14 = hv_vectors
        movl    r15 = 1 << 16                   // masked
        ;;
        mov     cr.iva = r14
        mov     cr.pta = r0
        mov     cr.dcr = r0
        mov     cr.tpr = r0
        mov     cr.itv = r15
        mov     cr.pmv = r15
        mov     cr.cmcv = r15
        mov     cr.lrr0 = r15
        mov     cr.lrr1 = r15
        ;;
        srlz.d
        movl    r14 = HV_PSR
        movl    r16 = 1f
        ;;
        mov     cr.ipsr = r14
        mov     cr.iip = r16
        mov     cr.ifs = r0
        ;;
        rfi
        ;;
        // Virtual from here on, in bank 1.
1:      shl     r20 = r20, 15                   // times HV_STACK_SIZE
        movl    r14 = hv_stacks
        movl    gp = __gp
        ;;
        add     r2 = r14, r20                   // this CPU's stack
        movl    r3 = HV_FPSR
        ;;
        mov     ar.fpsr = r3
        mov     r8 = r21
        mov     r9 = r28
        ;;
        alloc   r14 = ar.pfs, 0, 0, 0, 0
        ;;
        loadrs                                  // rsc.loadrs = 0: forget what was there
        ;;
        mov     ar.bspstore = r2
        movl    r14 = HV_STACK_SIZE - 16
        ;;
        mov     ar.rnat = r0
        mov     ar.rsc = 3
        add     sp = r2, r14
        mov     ar.pfs = r0
        mov     b0 = r0
        mov     b6 = r8
        shr.u   r20 = r20, 15
        ;;
        alloc   r32 = ar.pfs, 0, 1, 2, 0
        ;;
        mov     out0 = r9
        mov     out1 = r20
        br.call.sptk.many b0 = b6
        ;;
        break   0
        ;;
        .endp   to_virtual

        .section .bss.stacks, "aw", @nobits
        .align  HV_STACK_SIZE
        .global hv_stacks
hv_stacks:
        .skip   HV_STACK_SIZE * 4
