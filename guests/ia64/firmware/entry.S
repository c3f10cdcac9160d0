// What the board and the tables know by address: SAL_PROC, EFI's runtime services, where processors wait for the
// operating system; and the few things that C++ cannot say. Services are entered with gp from their descriptor: it
// points into firmware's data, wherever that is mapped, while code finds itself by its own address.
#include "guests/ia64/firmware/layout.h"

        .macro  ENTRY function
        { .mib
        nop.m   0
        nop.i   0
        br.cond.sptk.many \function
        }
        .endm

        .section .entry, "ax"
        ENTRY   sal_service
        .irp    service, get_time, set_time, get_wakeup_time, set_wakeup_time, set_virtual_address_map, convert_pointer, get_variable, get_next_variable_name, set_variable, get_next_high_monotonic_count, reset_system
        ENTRY   \service
        .endr

// Every processor but the first starts here (SAL specification 3.2.1): interrupts off, asleep until the wake-up
// vector has been sent to it and an operating system has said where to go. When that returns, it waits again.
        .global rendezvous
        .proc   rendezvous
rendezvous:
        rsm     psr.i
        movl    r15 = HALT_PLACE
        ;;
        mov     cr.tpr = r0
        ;;
        srlz.d
        ;;
look:   mov     r14 = cr.ivr
        ;;
        srlz.d
        cmp.eq  p6, p7 = 15, r14                // none
        ;;
(p6)    st8     [r15] = r0
(p7)    mov     cr.eoi = r0
        ;;
        movl    r16 = WAKE_VECTOR
        ;;
        cmp.ne  p6, p0 = r14, r16
(p6)    br.cond.sptk.many look
        movl    r17 = DATA_START + DATA_RENDEZVOUS
        ;;
        ld8     r18 = [r17], 8
        ;;
        ld8     gp = [r17]
        cmp.eq  p6, p0 = 0, r18
(p6)    br.cond.spnt.many look
        mov     b6 = r18
        ;;
        br.call.sptk.many b0 = b6
        ;;
        br.cond.sptk.many rendezvous
        .endp   rendezvous

        .text
// Result refuse(u64 kind, u64 number): the run ends.
        .global refuse
        .proc   refuse
refuse: dep     r14 = r32, r33, 56, 8
        movl    r15 = REFUSED_PLACE
        ;;
        rsm     psr.i | psr.dt
        ;;
        srlz.d
        ;;
        st8     [r15] = r14
        ;;
1:      br.cond.sptk.many 1b
        .endp   refuse

// void store_device(u64 physical, u64 value, u64 size): 1 or 4 bytes. With data translation off no caller needs to
// map a device. In one page, so that no fetch can miss meanwhile.
        .align  128
        .global store_device
        .proc   store_device
store_device:
        mov     r17 = psr
        movl    r15 = UNCACHED
        cmp.eq  p6, p7 = 1, r34
        ;;
        or      r15 = r15, r32
        rsm     psr.i | psr.dt
        ;;
        srlz.d
        ;;
(p6)    st1     [r15] = r33
(p7)    st4     [r15] = r33
        ;;
        mov     psr.l = r17
        ;;
        srlz.d
        br.ret.sptk.many b0
        .endp   store_device
