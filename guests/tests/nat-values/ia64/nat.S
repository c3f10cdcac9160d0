/* Pieces of code with a NaT in one register (attack.h); r9 is the address of a NaT page. */
#include "layout.h"

        .macro  PIECE name
        .text
        .balign 16
        .global \name
        .proc   \name
\name:
        .endm
        .macro  END_PIECE name
        ;;
        br.cond.sptk.many b5
        ;;
        .endp   \name
        .endm
        // Its text uses r8 as a NaT, and r10 and r11, which are 0.
        .macro  WITH_NAT name, text:vararg
        PIECE   \name
        ld8.s   r8 = [r9]
        mov     r10 = r0
        movl    r11 = 2 << 61
        ;;
        \text
        END_PIECE \name
        .endm
        WITH_NAT nat_in_pkr, mov pkr[r10] = r8
        WITH_NAT nat_in_rr, mov rr[r11] = r8
        WITH_NAT nat_as_rr_index, mov rr[r8] = r10
        WITH_NAT nat_in_cr, mov cr.iva = r8
        WITH_NAT nat_in_kr, mov ar.k5 = r8
        WITH_NAT nat_in_tpa, tpa r10 = r8
        WITH_NAT nat_in_thash, break 0xd

        PIECE   nat_in_itc
        ld8.s   r8 = [r9]
        rsm     psr.ic
        ;;
        srlz.d
        ;;
        itc.d   r8
        END_PIECE nat_in_itc
        PIECE   nat_in_itr_d
        ld8.s   r9 = [r9]
        mov     r8 = 4
        ;;
        break   0xf
        END_PIECE nat_in_itr_d
        PIECE   nat_in_set_rr
        ld8.s   r9 = [r9]
        movl    r8 = 2 << 61
        ;;
        break   0x11
        END_PIECE nat_in_set_rr
        PIECE   nat_in_set_kr
        ld8.s   r9 = [r9]
        mov     r8 = 5
        ;;
        break   0x12
        END_PIECE nat_in_set_kr
        PIECE   nat_in_number
        ld8.s   r2 = [r9]
        ;;
        break   HYPERCALL_BREAK
        END_PIECE nat_in_number

        // r2: the hypercall. Its first argument, then r8 before it.
        PIECE   nat_in_argument
        alloc   r3 = ar.pfs, 0, 5, 0, 0
        ;;
        ld8.s   r32 = [r9]
        ;;
        break   HYPERCALL_BREAK
        END_PIECE nat_in_argument
        PIECE   nat_in_result
        alloc   r3 = ar.pfs, 0, 5, 0, 0
        ld8.s   r8 = [r9]
        ;;
        mov     r32 = r0
        break   HYPERCALL_BREAK
        END_PIECE nat_in_result
        PIECE   nat_in_firmware_result          // a number that nothing has
        ld8.s   r8 = [r9]
        mov     r2 = 0x2fff
        ;;
        break   HYPERCALL_BREAK
        END_PIECE nat_in_firmware_result
        PIECE   nat_in_psr_result
        ld8.s   r8 = [r9]
        ;;
        break   0x19
        END_PIECE nat_in_psr_result

        // r4 and r5, then r33 to r36 of the frame are NaTs; r8: which of them a hypercall leaves.
        PIECE   nat_spilled
        alloc   r3 = ar.pfs, 0, 8, 0, 0
        mov     r10 = r4
        mov     r11 = r5
        ;;
        .irp    register, r4, r5, r33, r34, r35, r36
        ld8.s   \register = [r9]
        .endr
        mov     r32 = r0
        mov     r37 = r10                       // kept over the hypercall
        mov     r38 = r11
        ;;
        break   HYPERCALL_BREAK
        ;;
        mov     r8 = r0
        ;;
        .irp    register, r4, r5, r33, r34, r35, r36
        tnat.nz p6, p0 = \register
        shl     r8 = r8, 1
        ;;
(p6)    add     r8 = 1, r8
        ;;
        .endr
        mov     r4 = r37
        mov     r5 = r38
        END_PIECE nat_spilled

        // r8: where the register stack is to store, or has stored, its registers.
        PIECE   nat_stack_store
        mov     ar.bspstore = r8
        ;;
        alloc   r3 = ar.pfs, 0, 40, 0, 0
        ;;
        .irp    register, r32, r33, r34, r35
        mov     \register = r0
        .endr
        ;;
        cover
        ;;
        flushrs
        END_PIECE nat_stack_store
        PIECE   nat_stack_load
        alloc   r3 = ar.pfs, 0, 0, 0, 0
        ;;
        mov     ar.bspstore = r8
        movl    r16 = 64 << 16                  // rsc.loadrs: bytes
        ;;
        mov     ar.rsc = r16
        ;;
        loadrs
        END_PIECE nat_stack_load
