// What a VCPU leaves in the CPU beyond entry.S's, and region 7, which the image's translation registers belong to.
#include "hypervisor/arch/ia64/layout.h"

#define PSR_BN (1 << 44)
#define PSR_TRANSLATION_LOW 0x802e000 /* ic, i, dt, rt and pk */
#define PSR_IT_BIT 36

        .text
// void load_image_region(u64 rr7): the translation registers are inserted anew with that RID, in physical mode.
        .global load_image_region
        .proc   load_image_region
load_image_region:
        alloc   r33 = ar.pfs, 1, 2, 0, 0
        mov     r34 = ar.rsc
        mov     r17 = psr
        movl    r18 = PSR_BN
        movl    r19 = PSR_TRANSLATION_LOW
        movl    r14 = 1f - HV_DIRECT
        ;;
        mov     ar.rsc = 0                      // and nothing below moves the register stack
        rsm     psr.ic | psr.i
        or      r17 = r17, r18
        ;;
        srlz.i
        andcm   r18 = r17, r19
        ;;
        dep     r18 = 0, r18, PSR_IT_BIT, 1
        ;;
        mov     cr.ipsr = r18
        mov     cr.iip = r14
        mov     cr.ifs = r0
        ;;
        rfi
        ;;
1:      movl    r14 = 7 << 61
        movl    r15 = HV_IMAGE_SHIFT << 2
        movl    r16 = HV_DIRECT + HV_IMAGE_PA
        movl    r18 = HV_IMAGE_PA | HV_PTE_RWX
        mov     r19 = HV_ITR_IMAGE
        mov     r20 = HV_DTR_IMAGE
        ;;
        mov     rr[r14] = r32
        ;;
        srlz.d
        mov     cr.itir = r15
        mov     cr.ifa = r16
        ;;
        itr.i   itr[r19] = r18
        ;;
        itr.d   dtr[r20] = r18
        ;;
        srlz.i
        movl    r14 = 2f
        ;;
        mov     cr.ipsr = r17
        mov     cr.iip = r14
        mov     cr.ifs = r0
        ;;
        rfi
        ;;
2:      mov     ar.rsc = r34
        mov     ar.pfs = r33
        br.ret.sptk.many b0
        .endp   load_image_region

// void load_kernel_ars(const u64 kr[8])
        .global load_kernel_ars
        .proc   load_kernel_ars
load_kernel_ars:
        mov     r14 = r32
        ;;
        .irp    register, ar.k0, ar.k1, ar.k2, ar.k3, ar.k4, ar.k5, ar.k6, ar.k7
        ld8     r15 = [r14], 8
        ;;
        mov     \register = r15
        .endr
        br.ret.sptk.many b0
        .endp   load_kernel_ars

// f is an array of all 128, 16 bytes each; r14 walks it.
        .macro  EACH_LOW what
        \what   f2, 16
        \what   f3, 16
        \what   f4, 16
        \what   f5, 112
        .irp    register, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30, f31
        \what   \register, 16
        .endr
        .endm
        .macro  EACH_HIGH what
        .irp    ten, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
        .irp    one, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
        .if     (\ten * 10 + \one >= 32) && (\ten * 10 + \one < 128)
        \what   f\ten\one, 16
        .endif
        .endr
        .endr
        .endm
        .macro  SAVE_F register, step
        stf.spill [r14] = \register, \step
        ;;
        .endm
        .macro  LOAD_F register, step
        ldf.fill \register = [r14], \step
        ;;
        .endm
        .macro  FP_FUNCTION name, each, what, first
        .global \name
        .proc   \name
\name:  add     r14 = \first * 16, r32
        ;;
        \each   \what
        br.ret.sptk.many b0
        .endp   \name
        .endm
        FP_FUNCTION save_low_fp, EACH_LOW, SAVE_F, 2
        FP_FUNCTION load_low_fp, EACH_LOW, LOAD_F, 2
        FP_FUNCTION save_high_fp, EACH_HIGH, SAVE_F, 32
        FP_FUNCTION load_high_fp, EACH_HIGH, LOAD_F, 32
