/* Hostile instructions, one at a time, on registers that the caller gives. Whatever becomes of the processor's state, it goes on
 * at hostile_landing: by itself, or led there by recover(). A snippet uses r8 to r11, r14, r2 and r28, changes no frame, and comes
 * back through b7. */
#include "layout.h"

        .text
        .global hostile_run, hostile_landing
        .proc   hostile_run
        /* long hostile_run(const u64 registers[7], const void* snippet): r8 to r11, r14, r2, r28. Result: 0. */
hostile_run:
        alloc   loc0 = ar.pfs, 2, 8, 0, 0
        mov     loc1 = pr
        mov     loc2 = b0
        mov     loc3 = gp
        mov     loc4 = ar.unat
        mov     loc5 = ar.lc
        mov     loc6 = ar.fpsr
        adds    r16 = 8, in0
        addl    r17 = @gprel(rescue), gp
        mov     r18 = 1
        ;;
        ld8     r8 = [in0], 16
        ld8     r9 = [r16], 16
        st8     [r17] = r18
        ;;
        ld8     r10 = [in0], 16
        ld8     r11 = [r16], 16
1:      mov     r19 = ip
        ;;
        ld8     r14 = [in0], 16
        ld8     r2 = [r16], 16
        adds    r19 = hostile_landing - 1b, r19
        ;;
        ld8     r28 = [in0]
        mov     b6 = in1
        mov     b7 = r19
        ;;
        br.cond.sptk.many b6
        ;;
        /* The bank, data translation, collection and byte order are as C++ wants them. */
hostile_landing:
        bsw.1
        ;;
        ssm     psr.ic | psr.dt
        ;;
        srlz.d
        rum     psr.be | psr.up | psr.ac
        ;;
        srlz.i
        mov     gp = loc3
        mov     pr = loc1, -1
        ;;
        addl    r17 = @gprel(rescue), gp
        mov     b0 = loc2
        mov     ar.pfs = loc0
        mov     ar.unat = loc4
        mov     ar.lc = loc5
        mov     ar.fpsr = loc6
        mov     r8 = 0                          // it may be NaT
        ;;
        st8     [r17] = r0
        br.ret.sptk.many b0
        .endp   hostile_run

        /* bool touch_word(u64 address, bool write, u64 bits): reads, or sets bits. bool clear_page(u64 address). recover() leads a
           fault within to touch_failed. */
        .global touch_word, clear_page, touch_begin, touch_end, touch_failed
        .irp    place, clear_page, touch_begin, touch_end, touch_failed, hostile_landing
        .type   \place, @object
        .size   \place, 1
        .endr
        .proc   touch_word
touch_word:
        .regstk 3, 0, 0, 0
        cmp.ne  p6, p7 = in1, r0
        ;;
touch_begin:
        ld8     r14 = [in0]
        ;;
        or      r14 = r14, in2
        ;;
(p6)    st8     [in0] = r14
        ;;
        br.cond.sptk.many touch_end
        ;;
clear_page:
        adds    r15 = 2047, in0
        ;;
        adds    r15 = 2049, r15                 // its end
        ;;
1:      st8     [in0] = r0, 8
        ;;
        cmp.ltu p6, p7 = in0, r15
(p6)    br.cond.dptk.many 1b
        ;;
touch_end:
        mov     r8 = 1
        br.ret.sptk.many b0
        ;;
touch_failed:
        mov     r8 = 0
        br.ret.sptk.many b0
        .endp   touch_word

        /* Snippets, each from a bundle of its own; their names are for traces. */
        .macro  SNIPPET name, text:vararg
        BEGIN_SNIPPET
        \text
        END_SNIPPET "\name"
        .endm
        .macro  BEGIN_SNIPPET
        .section .text.snippets, "ax", @progbits
        .balign 16
901:
        .endm
        .macro  END_SNIPPET name
        ;;
        srlz.d
        ;;
        srlz.i
        br.cond.sptk.many b7
        ;;
        .section .rodata.names, "a", @progbits
902:    .asciz  "\name"
        .section .data.snippets, "aw", @progbits
        data8   901b, 902b
        .endm

        .section .data.snippets, "aw", @progbits
        .balign 8
        .global hostile_snippets, hostile_snippets_end, hostile_translations, hostile_translations_end
hostile_snippets:
        .irp    n, 1, 8, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 64, 65, 66, 67, 68, 72, 73, 74, 80, 81
        SNIPPET "write cr\n", mov cr\n = r8
        SNIPPET "read cr\n", mov r8 = cr\n
        .endr
        .irp    n, 0, 1, 2, 3, 4, 5, 18, 32, 36, 40
        SNIPPET "write ar\n", mov.m ar\n = r8
        .endr
        SNIPPET "read psr", mov r8 = psr
        SNIPPET "write pkr", mov pkr[r9] = r8
        SNIPPET "read pkr", mov r8 = pkr[r9]
        SNIPPET "write ibr", mov ibr[r9] = r8
        SNIPPET "write dbr", mov dbr[r9] = r8
        SNIPPET "read ibr", mov r8 = ibr[r9]
        SNIPPET "write pmc", mov pmc[r9] = r8
        SNIPPET "write pmd", mov pmd[r9] = r8
        SNIPPET "read pmd", mov r8 = pmd[r9]
        SNIPPET "read cpuid", mov r8 = cpuid[r9]
        SNIPPET "read rr", mov r8 = rr[r9]
        SNIPPET "bsw.0", bsw.0
        SNIPPET "rsm ic", rsm psr.ic
        SNIPPET "rsm dt", rsm psr.dt
        SNIPPET "rsm i", rsm psr.i
        SNIPPET "sum", sum psr.be | psr.up | psr.ac
        SNIPPET "ssm all", ssm 0xffffff
        SNIPPET "vmsw.0", vmsw.0
        SNIPPET "vmsw.1", vmsw.1
        SNIPPET "epc", epc
        SNIPPET "fc", fc r9
        SNIPPET "fc.i", fc.i r9
        SNIPPET "probe.r", probe.r r8 = r9, 0
        SNIPPET "probe.w", probe.w r8 = r9, r10
        SNIPPET "probe.rw.fault", probe.rw.fault r9, 0
        SNIPPET "tpa", tpa r8 = r9
        SNIPPET "tak", tak r8 = r9
        SNIPPET "thash", thash r8 = r9
        SNIPPET "ttag", ttag r8 = r9
        SNIPPET "invala", invala
        SNIPPET "ld8", ld8 r8 = [r9]
        SNIPPET "ld8.s", ld8.s r8 = [r9]
        SNIPPET "lfetch.fault", lfetch.fault [r9]
        .irp    n, 2, 3, 7, 8, 9, 10, 11, 12, 13, 16, 19, 20, 21, 22, 23, 24, 25
        SNIPPET "hyperprivop \n", break.m \n
        .endr
        .irp    n, 0, 27, 28, 31, 0x100, 0xfff, 0x1001, 0x80001, 0x100001, 0x1fffff
        SNIPPET "break \n", break.m \n
        SNIPPET "break.b \n", break.b \n
        .endr
        // Firmware but what ends the domain; numbers in r2.
        SNIPPET "firmware", break.m 0x1000
hostile_snippets_end:
hostile_translations:
        // r9, r10: address and slot; r8, r11: translation and size
        .macro  INSERT name, text:vararg
        BEGIN_SNIPPET
        rsm     psr.ic
        ;;
        srlz.d
        ;;
        mov     cr.ifa = r9
        mov     cr.itir = r11
        ;;
        \text
        END_SNIPPET "\name"
        .endm
        INSERT  "itc.d", itc.d r8
        INSERT  "itc.i", itc.i r8
        INSERT  "itr.d", itr.d dtr[r10] = r8
        INSERT  "itr.i", itr.i itr[r10] = r8
        INSERT  "hyperprivop 5", break.m 5
        INSERT  "hyperprivop 6", break.m 6
        SNIPPET "ptc.l", ptc.l r9, r11
        SNIPPET "ptc.g", ptc.g r9, r11
        SNIPPET "ptc.ga", ptc.ga r9, r11
        SNIPPET "ptc.e", ptc.e r9
        SNIPPET "ptr.d", ptr.d r9, r11
        SNIPPET "ptr.i", ptr.i r9, r11
        SNIPPET "write rr", mov rr[r9] = r8
        SNIPPET "ld8", ld8 r8 = [r9]
        // No stores: pages larger than a frame show what is the guest's own besides.
hostile_translations_end:

        .text
        .global hostile_register_stack
        .proc   hostile_register_stack
        /* void hostile_register_stack(u64 address, u64 number): a hypercall with the register stack's memory there. The caller's
           registers are in memory before, and no others are stored meanwhile. */
hostile_register_stack:
        alloc   loc0 = ar.pfs, 2, 4, 0, 0
        ;;
        flushrs
        ;;
        mov     ar.rsc = 0
        ;;
        mov     loc1 = ar.bspstore
        mov     loc2 = ar.rnat
        mov     r2 = in1
        ;;
        mov     ar.bspstore = in0
        ;;
        break.m HYPERCALL_BREAK
        ;;
        mov     ar.bspstore = loc1
        ;;
        mov     ar.rnat = loc2
        mov     ar.pfs = loc0
        ;;
        mov     ar.rsc = 3
        br.ret.sptk.many b0
        .endp   hostile_register_stack

        .section .sdata, "aws", @progbits
        .balign 8
        .global rescue
rescue: data8   0
