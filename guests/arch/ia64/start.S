/* The entry, as a boot loader hands over: physical mode, r28 = boot parameters. On the bare machine this runs at privilege
 * level 0, in a domain at level 1; nothing else tells them apart here, and what is written to ar.rsc tells that.
 *
 *   physical, anywhere ─> region registers, image's translation registers ─> virtual, own stacks ─> native_main(r28),
 *                                                                                                   domain_main(r28)
 *
 * A further VCPU of a domain comes the same way (start_cpu.cpp): r28 = 0, r4 where it goes on, r5 its stack. */
#include "layout.h"

        .section .text.entry, "ax", @progbits
        .global start
        .proc   start
start:  rsm     psr.i | psr.ic
        mov     r2 = ip
        mov     ar.rsc = 0
        ;;
        srlz.d
        mov     r29 = ar.rsc                    // bits 3:2: the level it became
        dep     r2 = 0, r2, 0, IMAGE_SHIFT      // where the image's 16 MiB are
        ;;

        .macro  REGION number, page_shift
        movl    r14 = \number << 61
        movl    r15 = REGION_REGISTER(\number, \page_shift)
        ;;
        mov     rr[r14] = r15
        .endm
        tbit.nz p6, p7 = r29, 2                 // p6: in a domain, at level 1
        REGION  0, 12
        REGION  1, 12
        REGION  2, 12
        REGION  3, 12
        REGION  4, 12
        REGION  5, IMAGE_SHIFT
        REGION  6, GRANULE_SHIFT
        REGION  7, GRANULE_SHIFT
        // Pages of a domain are the hypervisor's to map, one by one (privileged_xen.inc).
        movl    r14 = 6 << 61
        movl    r15 = 7 << 61
        movl    r16 = REGION_REGISTER(6, 12)
        movl    r17 = REGION_REGISTER(7, 12)
        ;;
(p6)    mov     rr[r14] = r16
(p6)    mov     rr[r15] = r17
        ;;
        srlz.d
        ;;
        movl    r14 = IMAGE_BASE + IMAGE_PA
        mov     r15 = IMAGE_SHIFT << 2
        movl    r16 = PTE_MEMORY
        ;;
        mov     cr.ifa = r14
        mov     cr.itir = r15
        or      r16 = r16, r2
        mov     r17 = 0
        ;;
        itr.i   itr[r17] = r16
        ;;
        itr.d   dtr[r17] = r16
        ;;
        // A stack that is not in the image needs a translation register, too (thread_ia64.cpp).
        cmp.eq  p8, p9 = 0, r28
        dep.z   r18 = r5, 0, PTE_ADDRESS_BITS
        movl    r16 = PTE_MEMORY
        ;;
        dep     r18 = 0, r18, 0, GRANULE_SHIFT
        mov     r15 = GRANULE_SHIFT << 2
        mov     r17 = 1
        ;;
(p8)    mov     cr.ifa = r5
(p8)    mov     cr.itir = r15
        or      r16 = r16, r18
        ;;
(p8)    itr.d   dtr[r17] = r16
        ;;
        mov     cr.pta = r0                     // no VHPT walker: every miss is software's
        mov     cr.dcr = r0
        movl    r18 = native_vectors
        movl    r19 = xen_vectors
        ;;
(p6)    mov     r18 = r19
        ;;
        mov     cr.iva = r18
        movl    r19 = KERNEL_PSR
        movl    r20 = 1f
        ;;
        mov     cr.ipsr = r19
        mov     cr.iip = r20
        mov     cr.ifs = r0
        ;;
        srlz.i
        ;;
        rfi
        ;;

1:      movl    gp = __gp
        movl    r14 = boot_stack
        movl    r15 = FPSR_DEFAULT
        cmp.eq  p8, p9 = 0, r28
        ;;
(p8)    mov     r14 = r5
        ;;
        adds    r16 = REGISTERS_IN_STACK, r14
        dep     sp = -1, r14, 4, STACK_SHIFT - 4
        mov     ar.fpsr = r15
        mov     ar.rsc = 0
        ;;
        alloc   r15 = ar.pfs, 0, 0, 0, 0
        ;;
        loadrs                                  // forget what others left
        ;;
        mov     ar.bspstore = r16
        ;;
        mov     ar.rnat = r0
        mov     ar.k6 = r14
        mov     ar.k7 = r0                      // no user tables
        and     r29 = 0xc, r29
        ;;
        or      r29 = 3, r29
        movl    r17 = image_physical
        ;;
        mov     ar.rsc = r29
        st8     [r17] = r2
        ;;
        alloc   r32 = ar.pfs, 0, 1, 1, 0
        mov     b0 = r0
        mov     out0 = r28
        tbit.nz p6, p7 = r29, 2
(p8)    mov     b6 = r4
        ;;
(p8)    br.cond.spnt.many b6
(p6)    br.call.sptk.many b0 = domain_main
(p7)    br.call.sptk.many b0 = native_main
        ;;
        .endp   start

        .data
        .balign 8
        .global image_physical
image_physical:
        .skip   8

        /* Aligned to its size: the kernel finds the current thread at the stack's lowest address. */
        .section .bss.stack, "aw", @nobits
        .balign STACK_BYTES
boot_stack:
        .skip   STACK_BYTES
