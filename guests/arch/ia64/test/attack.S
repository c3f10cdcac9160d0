/* See attack.h. The handlers write attack_outcome and lead to attack_restore; registers of bank 0 are theirs. All of this is in the
 * image, which has translation registers with key 0. */
#include "layout.h"
#include "privileged_xen.inc"

#define PSR_PK 0x8000
#define ENDED -1

        .section .text.attack, "ax", @progbits
        .balign 0x8000
attack_vectors:
        .type   attack_vectors, @object
        .macro  RECORD offset
        .org    \offset
        mov     r19 = \offset
        br.cond.sptk.many attack_record
        .endm
        .irp    offset, 0x0000, 0x0400, 0x0800, 0x0c00, 0x1000, 0x1400, 0x1800, 0x1c00, 0x2000, 0x2400, 0x2800, 0x2c00, 0x3000, 0x3400
        RECORD  \offset
        .endr
        .irp    offset, 0x5000, 0x5100, 0x5200, 0x5300, 0x5400, 0x5500, 0x5600, 0x5700, 0x5900, 0x5a00, 0x5b00, 0x5c00, 0x5d00, 0x5e00, 0x5f00, 0x6000, 0x6100
        RECORD  \offset
        .endr
        .org    0x8000
        .size   attack_vectors, . - attack_vectors

        .proc   attack_record
attack_record:
        ssm     psr.dt
        ;;
        srlz.d
        movl    r16 = attack_outcome
        ;;
        st8     [r16] = r19, 8
        ;;
        .irp    offset, REGISTERS_ISR, REGISTERS_IFA, REGISTERS_IIP, REGISTERS_IPSR, REGISTERS_IIM, REGISTERS_IFS
        REGISTER_GET r18, \offset
        ;;
        st8     [r16] = r18, 8
        ;;
        .endr
        GET_IPSR r18
        movl    r16 = KERNEL_PSR
        mov     r20 = PSR_PK
        ;;
        and     r18 = r18, r20
        ;;
        or      r18 = r18, r16
        ;;
        SET_IPSR r18
        movl    r18 = attack_restore
        ;;
        SET_IIP r18
        movl    r18 = 1 << 63
        ;;
        SET_IFS r18
        ;;
        RETURN
        .endp   attack_record

        .global attack_run
        .proc   attack_run
attack_run:
        alloc   r14 = ar.pfs, 2, 0, 0, 0
        movl    r15 = attack_saved
        mov     r17 = ar.rsc
        ;;
        mov     ar.rsc = 0
        mov     r18 = pr
        ;;
        flushrs
        ;;
        mov     r16 = cr.iva
        st8     [r15] = r14, 8
        movl    r19 = attack_vectors
        ;;
        mov     cr.iva = r19
        st8     [r15] = r16, 8
        ;;
        st8     [r15] = r17, 8
        ;;
        st8     [r15] = r18, 8
        ;;
        .irp    register, ar.bsp, ar.rnat, ar.unat, ar.lc, ar.fpsr, b0, b5, gp, sp
        mov     r16 = \register
        ;;
        st8     [r15] = r16, 8
        ;;
        .endr
        movl    r16 = attack_done
        mov     b6 = r33
        ;;
        mov     b5 = r16
        mov     r16 = r32
        ;;
        .irp    register, r8, r9, r10, r11, r14, r15, r2, r28
        ld8     \register = [r16], 8
        ;;
        .endr
        br.cond.sptk.many b6
        ;;

        .endp   attack_run

        // Where a piece of code ends; r8 may be a NaT. PSR.pk stays.
        .proc   attack_done
attack_done:
        bsw.1
        ;;
        ssm     psr.ic | psr.dt
        ;;
        srlz.d
        rum     psr.be | psr.ac
        ;;
        srlz.i
        tnat.nz p6, p7 = r8
        movl    r16 = attack_outcome
        movl    r17 = attack_outcome + 7 * 8
        mov     r18 = ENDED
        ;;
        st8     [r16] = r18
(p6)    mov     r8 = r0
(p6)    mov     r18 = 1
(p7)    mov     r18 = 0
        ;;
        st8     [r17] = r8, 8
        ;;
        st8.spill [r17] = r9, 8
        ;;
        st8     [r17] = r18
        br.cond.sptk.many attack_restore
        ;;
        .endp   attack_done

        .proc   attack_restore
attack_restore:
        mov     ar.rsc = 0
        ;;
        alloc   r14 = ar.pfs, 0, 0, 0, 0
        ;;
        loadrs                                  // nothing of what the attack has left
        movl    r15 = attack_saved
        ;;
        ld8     r14 = [r15], 8
        ;;
        mov     ar.pfs = r14
        ld8     r14 = [r15], 8
        ;;
        mov     cr.iva = r14
        ld8     r17 = [r15], 8
        ;;
        ld8     r18 = [r15], 8
        ;;
        mov     pr = r18, -1
        ld8     r14 = [r15], 8
        ;;
        mov     ar.bspstore = r14
        ;;
        .irp    register, ar.rnat, ar.unat, ar.lc, ar.fpsr, b0, b5, gp, sp
        ld8     r14 = [r15], 8
        ;;
        mov     \register = r14
        .endr
        ;;
        mov     ar.rsc = r17
        br.ret.sptk.many b0
        .endp   attack_restore

        .macro  ATTACK name
        .section .text.attack_\name, "ax", @progbits
        .balign 16
        .global attack_\name
        .proc   attack_\name
attack_\name:
        .endm
        .macro  END_ATTACK name
        ;;
        srlz.d
        ;;
        srlz.i
        ;;
        br.cond.sptk.many b5
        ;;
        .endp   attack_\name
        .endm
        .macro  SHORT name, text:vararg
        ATTACK  \name
        \text
        END_ATTACK \name
        .endm
        SHORT   load, ld8 r8 = [r9]
        SHORT   load_speculative, ld8.s r8 = [r9]
        ATTACK  store
        st8     [r9] = r8
        END_ATTACK store
        SHORT   exchange, xchg8 r8 = [r9], r8
        SHORT   tpa, tpa r8 = r9
        SHORT   tak, tak r8 = r9
        SHORT   set_pkr, mov pkr[r9] = r8
        SHORT   get_pkr, mov r8 = pkr[r9]
        SHORT   set_rr, mov rr[r9] = r8
        SHORT   get_rr, mov r8 = rr[r9]
        SHORT   set_pta, mov cr.pta = r8
        SHORT   set_dcr, mov cr.dcr = r8
        SHORT   set_iva, mov cr.iva = r8
        SHORT   keys_on, ssm psr.pk
        SHORT   keys_off, rsm psr.pk
        SHORT   ptr_d, ptr.d r9, r11
        SHORT   ptr_i, ptr.i r9, r11
        SHORT   ptc_l, ptc.l r9, r11
        SHORT   ptc_ga, ptc.ga r9, r11
        SHORT   ptc_e, ptc.e r9
        .macro  INSERT name, text:vararg
        ATTACK  \name
        rsm     psr.ic
        ;;
        srlz.d
        ;;
        mov     cr.ifa = r9
        mov     cr.itir = r11
        ;;
        \text
        ;;
        srlz.d
        ;;
        ssm     psr.ic
        END_ATTACK \name
        .endm
        INSERT  itr_d, itr.d dtr[r10] = r8
        INSERT  itr_i, itr.i itr[r10] = r8
        INSERT  itc_d, itc.d r8
        INSERT  itc_i, itc.i r8

        // A bundle to be copied elsewhere, and called there.
        ATTACK  return
        br.cond.sptk.many b5
        ;;
        .endp   attack_return

        // What lies at r9 comes back through b5.
        ATTACK  call
        mov     b6 = r9
        ;;
        br.cond.sptk.many b6
        END_ATTACK call
        ATTACK  hypercall
        alloc   r3 = ar.pfs, 0, 5, 0, 0
        ;;
        mov     r32 = r9
        mov     r33 = r10
        mov     r34 = r11
        mov     r35 = r0
        mov     r36 = r0
        ;;
        break   HYPERCALL_BREAK
        END_ATTACK hypercall

        .section .bss.attack, "aw", @nobits
        .balign 8
        .global attack_outcome
        .type   attack_outcome, @object
        .size   attack_outcome, 80
attack_outcome:
        .skip   80
attack_saved:
        .skip   104
