// Every break comes here first: hypercalls go to hypercall.S, and hyperprivops that need little are done between the break and its rfi in bank 0, without leaving the guest's stack. What is
// not as usual (translation off, an event due, a frame with rotating registers) goes the long way: hyperprivop.cpp does the same.
//
// r16 vector   r17 cr.ipsr   r18 predicates   r19 number   r20 Vcpu   r21 privileged registers: physical, PSR.dt is off
// r28 b6
#include "hypervisor/arch/ia64/layout.h"
#include "hypervisor/arch/ia64/registers.h"

#define IPSR_CPL_BIT 32
#define IPSR_RI_BIT 41
#define HYPERCALL_BREAK 0x1000
#define PRIV_CR(n) (0x800 + (n) * 8)
#define PRIV_PSR_IC 0xc10
#define PRIV_BANKNUM 0xc4c
#define PRIV_BANK1 0x400
#define PRIV_BANK0 0x480
#define PRIV_BANK1_NATS 0x500
#define PRIV_BANK0_NATS 0x508
#define PRIV_KR 0xc90
#define VPSR_USUAL 0x1008020000 /* dt, rt, it and nothing else */
#define PSR_IC_BIT 13
#define PSR_I_BIT 14
#define PSR_PK_BIT 15
#define PSR_DFH_BIT 19
#define PSR_BN_BIT 44
/* guest_state.cpp: what a guest has as it says (but pk, which goes the long way); what the hypervisor adds. */
#define PSR_OWN 0x2fe00634003e /* be up ac mfl mfh; dfl sp pp lp tb; id da dd ss ri ed ia */
#define PSR_FORCED 0x101008026000

        .macro  SLOT to
        { .mib
        nop.m   0
        nop.i   0
        br.cond.sptk.many \to
        }
        .endm

        .text
        .global break_entry
        .proc   break_entry
break_entry:
        mov     r17 = cr.ipsr
        mov     r19 = cr.iim
        mov     r21 = HYPERCALL_BREAK
        ;;
        extr.u  r20 = r17, IPSR_CPL_BIT, 2
        cmp.eq  p8, p0 = r19, r21
        cmp.ltu p9, p0 = HYPERPRIVOPS - 1, r19
        ;;
        cmp.eq  p6, p0 = 0, r20
        cmp.ne  p7, p0 = 1, r20
        dep     r20 = 0, r30, REGION_BIT, 4
(p6)    br.cond.spnt.many hypervisor_entry
        ;;
(p7)    br.cond.sptk.many guest_entry
(p8)    br.cond.sptk.many hypercall_entry
(p9)    br.cond.sptk.many guest_entry
        movl    r22 = fast_table
        mov     r28 = b6
        add     r21 = ARCH_PRIVILEGED, r20
        rsm     psr.dt
        ;;
        shladd  r22 = r19, 4, r22
        srlz.d
        ;;
        ld8     r21 = [r21]
        mov     b6 = r22
        ;;
        dep     r21 = 0, r21, REGION_BIT, 4
        br.cond.sptk.many b6
        .endp   break_entry

        .align  32
fast_table:
        SLOT    slow
        SLOT    fast_rfi
        SLOT    slow
        SLOT    slow
        SLOT    fast_cover
        SLOT    slow
        SLOT    slow
        SLOT    fast_ssm_i
        .rept   10
        SLOT    slow
        .endr
        SLOT    fast_set_kr
        .rept   8
        SLOT    slow
        .endr

        .proc   slow
slow:   mov     b6 = r28
        br.cond.sptk.many guest_entry
        .endp   slow

        // Counted, and back behind the break. r17 is the PSR to return with.
        .proc   finish
finish: shladd  r22 = r19, 3, r31
        extr.u  r23 = r17, IPSR_RI_BIT, 2
        mov     b6 = r28
        ;;
        add     r22 = PERCPU_FAST - 8, r22
        ;;
        dep     r22 = 0, r22, REGION_BIT, 4
        cmp.eq  p6, p7 = 2, r23
        add     r23 = 1, r23
        ;;
        ld8     r24 = [r22]
(p6)    mov     r25 = cr.iip
(p6)    mov     r23 = 0
        ;;
        add     r24 = 1, r24
(p6)    add     r25 = 16, r25
        dep     r17 = r23, r17, IPSR_RI_BIT, 2
        ;;
        st8     [r22] = r24
(p6)    mov     cr.iip = r25
        mov     cr.ipsr = r17
        mov     pr = r18, -1
        ;;
        rfi
        ;;
        .endp   finish

        .proc   fast_cover
fast_cover:
        add     r22 = PRIV_PSR_IC, r21
        ;;
        ld8     r25 = [r22]                     // psr_ic, and in the upper half covered
        ;;
        shr.u   r26 = r25, 32
        ;;
        cmp.ne  p6, p0 = 0, r26
(p6)    br.cond.spnt.many slow
        ;;
        cover
        ;;
        add     r23 = PRIV_CR(23), r21
        mov     r24 = cr.ifs
        movl    r26 = 1 << 63
        ;;
        cmp.eq  p6, p0 = 0, r25
        mov     cr.ifs = r26
        ;;
(p6)    st8     [r23] = r24
        br.cond.sptk.many finish
        .endp   fast_cover

        // evtchn_upcall_pending and the mask behind it are the first two bytes of vcpu_info.
        .proc   fast_ssm_i
fast_ssm_i:
        movl    r22 = VCPU_INFO
        ;;
        add     r22 = r22, r20
        ;;
        ld8     r22 = [r22]
        ;;
        dep     r22 = 0, r22, REGION_BIT, 4
        ;;
        ld1     r23 = [r22], 1
        ;;
        cmp.ne  p6, p0 = 0, r23
(p6)    br.cond.spnt.many slow
        ;;
        st1     [r22] = r0
        br.cond.sptk.many finish
        .endp   fast_ssm_i

        // ar.k(r8) = r9: the two that kernels change on their way between contexts.
        .proc   fast_set_kr
fast_set_kr:
        tnat.nz p6, p0 = r8
        tnat.nz p7, p0 = r9
        add     r22 = -6, r8
        ;;
(p6)    br.cond.spnt.many slow
(p7)    br.cond.spnt.many slow
        cmp.ltu p6, p0 = 1, r22
        ;;
(p6)    br.cond.spnt.many slow
        cmp.eq  p6, p7 = 0, r22
        shladd  r23 = r8, 3, r21
        shladd  r24 = r8, 3, r20
        ;;
        add     r23 = PRIV_KR, r23
        add     r24 = ARCH_KR, r24
(p6)    mov     ar.k6 = r9
        ;;
        st8     [r23] = r9
        st8     [r24] = r9
(p7)    mov     ar.k7 = r9
        br.cond.sptk.many finish
        .endp   fast_set_kr

        .proc   fast_rfi
fast_rfi:
        add     r22 = ARCH_VPSR, r20
        add     r23 = PRIV_CR(16), r21
        add     r24 = PRIV_CR(23), r21
        movl    r27 = VPSR_USUAL
        ;;
        ld8     r25 = [r22]
        ld8     r22 = [r23]                     // IPSR
        ld8     r24 = [r24]                     // IFS
        ;;
        cmp.ne  p6, p0 = r25, r27
        and     r25 = r22, r27
        extr.u  r26 = r24, 14, 24               // rotating registers
        ;;
        cmp.ne  p7, p0 = r25, r27
        cmp.ne  p8, p0 = 0, r26
        extr.u  r26 = r22, IPSR_RI_BIT, 2
(p6)    br.cond.spnt.many slow
        ;;
(p7)    br.cond.spnt.many slow
(p8)    br.cond.spnt.many slow
        cmp.eq  p6, p0 = 3, r26
        tbit.z  p8, p0 = r22, PSR_BN_BIT
        tbit.nz p9, p0 = r22, PSR_PK_BIT
        ;;
(p6)    br.cond.spnt.many slow
(p8)    br.cond.spnt.many slow
(p9)    br.cond.spnt.many slow
        extr.u  r25 = r24, 0, 7                 // sof at most 96, sol at most sof
        extr.u  r26 = r24, 7, 7
        ;;
        cmp.ltu p6, p0 = 96, r25
        cmp.gtu p7, p0 = r26, r25
        extr    r23 = r24, 38, 25               // of IFS nothing else is set but its valid bit
        ;;
        cmp.ne  p8, p0 = 0, r23
(p6)    br.cond.spnt.many slow
(p7)    br.cond.spnt.many slow
        ;;
(p8)    br.cond.spnt.many slow
        // Interrupts on, and one is due: it comes first.
        movl    r23 = VCPU_INFO
        tbit.nz p14, p15 = r22, PSR_I_BIT
        ;;
        add     r23 = r23, r20
        ;;
        ld8     r23 = [r23]
        ;;
        dep     r23 = 0, r23, REGION_BIT, 4
        ;;
        ld1     r26 = [r23], 1
        ;;
(p14)   cmp.ne.unc p6, p0 = 0, r26
(p6)    br.cond.spnt.many slow
        ;;
        // From here on nothing turns back.
(p14)   st1     [r23] = r0
(p15)   mov     r26 = 1
        extr.u  r25 = r22, PSR_DFH_BIT, 1
        ;;
        dep     r27 = r25, r27, PSR_DFH_BIT, 1
        add     r25 = ARCH_VPSR, r20
        ;;
        st8     [r25] = r27
(p15)   st1     [r23] = r26
        add     r23 = PRIV_PSR_IC, r21
        extr.u  r26 = r22, PSR_IC_BIT, 1
        ;;
        st8     [r23] = r26                     // psr_ic, and nothing is covered
        mov     cr.ifs = r24
        add     r23 = PRIV_CR(19), r21
        ;;
        ld8     r23 = [r23]                     // IIP
        movl    r24 = PSR_OWN
        extr.u  r26 = r22, IPSR_CPL_BIT, 2
        ;;
        and     r24 = r24, r22
        cmp.eq  p6, p0 = 0, r26
        dep     r23 = 0, r23, 0, 4
        ;;
(p6)    mov     r26 = 1
        movl    r25 = PSR_FORCED
        ;;
        mov     cr.iip = r23
        or      r24 = r24, r25
        tbit.nz p8, p0 = r22, PSR_DFH_BIT
        extr.u  r25 = r17, PSR_DFH_BIT, 1       // the hypervisor's own, for f32 to f127
        ;;
(p8)    mov     r25 = 1
        dep     r24 = r26, r24, IPSR_CPL_BIT, 2
        ;;
        dep     r24 = r25, r24, PSR_DFH_BIT, 1
        ;;
        mov     cr.ipsr = r24
        add     r23 = PRIV_BANKNUM, r21
        mov     b6 = r28
        ;;
        ld4     r24 = [r23]
        add     r22 = PERCPU_FAST, r31         // number 1
        ;;
        cmp.eq  p6, p7 = 0, r24
        mov     r24 = 1
        dep     r22 = 0, r22, REGION_BIT, 4
        ;;
        st4     [r23] = r24
        ld8     r25 = [r22]
        ;;
        add     r25 = 1, r25
        ;;
        st8     [r22] = r25
(p7)    br.cond.sptk.many 2f
        ;;
        // The guest is in its bank 0: r16 to r31 go to memory, and those of bank 1 come out of it. Of the NaT bits, which go by
        // address, bank 1's are bits 0 to 15 of UNAT and bank 0's 16 to 31.
        add     r23 = PRIV_BANK1_NATS, r21
        mov     r22 = ar.unat
        mov     r24 = r2
        ;;
        ld8     r26 = [r23]
        mov     r25 = r3
        add     r2 = PRIV_BANK0, r21
        ;;
        mov     ar.unat = r26
        add     r3 = PRIV_BANK1, r21
        ;;
        bsw.1
        ;;
        .irp    register, r16, r17, r18, r19, r20, r21, r22, r23, r24, r25, r26, r27, r28, r29, r30, r31
        st8.spill [r2] = \register, 8
        ;;
        ld8.fill \register = [r3], 8
        ;;
        .endr
        bsw.0
        ;;
        mov     r26 = ar.unat
        add     r23 = PRIV_BANK0_NATS, r21
        mov     r2 = r24
        mov     r3 = r25
        ;;
        extr.u  r26 = r26, 16, 16
        mov     ar.unat = r22
        ;;
        st8     [r23] = r26
2:      mov     pr = r18, -1
        ;;
        rfi
        ;;
        .endp   fast_rfi
