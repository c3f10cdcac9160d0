// The interruption vector table (SDM vol. 2 table 5-1). Misses of hypervisor addresses are filled here, from the list of
// windows; some hyperprivops are done at once (fast.S);
// everything else that comes from a guest goes to C++ (entry.S).
#include "hypervisor/arch/ia64/layout.h"

#define IPSR_CPL_BIT 32

        .macro  VECTOR offset, where
        .org    \offset
        mov     r16 = \offset
        mov     r18 = pr
        br.cond.sptk.many \where
        .endm

        .section .ivt, "ax"
        .global hv_vectors
hv_vectors:
        VECTOR  0x0000, vhpt_miss
        VECTOR  0x0400, fetch_miss
        VECTOR  0x0800, data_miss
        VECTOR  0x0c00, fetch_miss
        VECTOR  0x1000, data_miss
        .irp    offset, 0x1400, 0x1800, 0x1c00, 0x2000, 0x2400, 0x2800
        VECTOR  \offset, other
        .endr
        VECTOR  0x2c00, break_entry             // fast.S
        VECTOR  0x3000, other
        VECTOR  0x3400, other
        .irp    offset, 0x5000, 0x5100, 0x5200, 0x5300, 0x5400, 0x5500, 0x5600, 0x5700, 0x5800, 0x5900, 0x5a00, 0x5b00, 0x5c00, 0x5d00, 0x5e00, 0x5f00, 0x6000, 0x6100
        VECTOR  \offset, other
        .endr

        .text
        .proc   other
other:  mov     r17 = cr.ipsr
        ;;
        extr.u  r19 = r17, IPSR_CPL_BIT, 2
        ;;
        cmp.eq  p6, p7 = 0, r19
(p6)    br.cond.spnt.many hypervisor_entry
        br.cond.sptk.many guest_entry
        .endp   other

// The address of an entry of the current VCPU's VHPT, which lies in the direct map.
        .proc   vhpt_miss
vhpt_miss:
        mov     r20 = cr.iha
        cmp.eq  p8, p9 = r0, r0                 // a data translation
        br.cond.sptk.many fill_window
        .endp   vhpt_miss

        .proc   fetch_miss
fetch_miss:
        mov     r17 = cr.ipsr
        mov     r20 = cr.ifa
        cmp.ne  p8, p9 = r0, r0
        ;;
        extr.u  r19 = r17, IPSR_CPL_BIT, 2
        ;;
        cmp.eq  p6, p7 = 0, r19
(p6)    br.cond.spnt.many fill_window
        br.cond.sptk.many guest_entry
        .endp   fetch_miss

        .proc   data_miss
data_miss:
        mov     r17 = cr.ipsr
        mov     r20 = cr.ifa
        cmp.eq  p8, p9 = r0, r0
        ;;
        extr.u  r19 = r17, IPSR_CPL_BIT, 2
        ;;
        cmp.eq  p6, p7 = 0, r19
(p7)    br.cond.sptk.many guest_entry
        ;;
        .endp   data_miss

// r20 address; p8 data, p9 fetch. windows.h says what an entry holds; the list is in the image.
        .proc   fill_window
fill_window:
        movl    r21 = hv_windows
        ;;
1:      ld8     r22 = [r21], 8                  // start
        ;;
        ld8     r23 = [r21], 8                  // end
        ;;
        ld8     r24 = [r21], 8                  // physical
        ;;
        ld8     r25 = [r21], 8                  // attributes
        cmp.eq  p6, p0 = 0, r23
        cmp.geu p7, p0 = r20, r22
(p6)    br.cond.spnt.many hypervisor_entry      // the end of the list: nothing is there
        ;;
(p7)    cmp.ltu.unc p10, p0 = r20, r23
        ;;
(p10)   br.cond.sptk.many 2f
        br.cond.sptk.many 1b
        ;;
2:      extr.u  r26 = r25, 58, 6                // logarithm of the page size
        sub     r27 = r20, r22
        dep     r25 = 0, r25, 58, 6
        ;;
        add     r24 = r24, r27
        shl     r27 = r26, 2
        mov     cr.ifa = r20
        ;;
        shr.u   r24 = r24, r26
        mov     cr.itir = r27
        ;;
        shl     r24 = r24, r26
        ;;
        or      r24 = r24, r25
        ;;
(p8)    itc.d   r24
        ;;
(p9)    itc.i   r24
        ;;
        mov     pr = r18, -1
        rfi
        ;;
        .endp   fill_window
