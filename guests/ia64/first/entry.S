// The least that a kernel needs of its own on IA-64: the way from the loader to C++, translation of addresses, two
// handlers. docs/porting.md follows it step by step.
#define PSR_IC (1 << 13)
#define PSR_TRANSLATED (1 << 17 | 1 << 27 | 1 << 36) /* dt, rt, it */
#define PSR_BN (1 << 44)
#define PAGE_SHIFT 24
#define PTE 0x661 /* present, accessed, dirty, level 0, read write execute */
#define PTE_UNCACHED 0x10
#define TIMER_PERIOD 20000

        .text
        // Physical mode, r28 = boot parameters (ia64_boot_param).
        .global _start
        .proc   _start
_start: rsm     psr.i | psr.ic
        mov     ar.rsc = 0
        movl    gp = __gp
        movl    r14 = stack_end
        ;;
        srlz.d
        loadrs
        movl    r15 = register_stack
        ;;
        mov     ar.bspstore = r15
        add     sp = -16, r14
        movl    r16 = 0x0009804c8a70033f        // floating point: no traps (SDM vol. 1 5.1.2)
        ;;
        mov     ar.rnat = r0
        mov     ar.rsc = 3
        mov     ar.fpsr = r16
        ;;
        alloc   r32 = ar.pfs, 0, 1, 1, 0
        mov     out0 = r28
        ;;
        br.call.sptk.many b0 = first_main
        ;;
        .endp   _start

        // void translate_addresses(u64 vectors): what runs goes on at the same addresses, 16 MiB from 0 by translation registers.
        .global translate_addresses
        .proc   translate_addresses
translate_addresses:
        rsm     psr.i | psr.ic
        mov     cr.iva = r32
        movl    r14 = PTE
        mov     r15 = PAGE_SHIFT << 2
        ;;
        srlz.i
        ;;
        mov     rr[r0] = r15                    // region 0: identifier 0, no VHPT walker
        mov     cr.ifa = r0
        mov     cr.itir = r15
        mov     cr.pta = r15
        ;;
        srlz.d
        itr.i   itr[r0] = r14
        ;;
        itr.d   dtr[r0] = r14
        movl    r16 = PSR_IC | PSR_TRANSLATED | PSR_BN
        movl    r17 = 1f
        ;;
        srlz.i
        mov     cr.ipsr = r16
        mov     cr.iip = r17
        mov     cr.ifs = r0                     // not valid: the frame stays this function's
        ;;
        rfi
        ;;
1:      br.ret.sptk.many b0
        .endp   translate_addresses

        // What has no handler is full of zeroes: break instructions.
        .macro  VECTOR offset, to
        .org    \offset
        br.cond.sptk.many \to
        .endm

        .section .ivt, "ax"
        .global interruption_vectors
interruption_vectors:
        VECTOR  0x1000, data_miss
        VECTOR  0x3000, external_interrupt
        .org    0x8000

        // Alternate data TLB: an address shows the memory of that number, in region 4 without caches.
        .text
        .proc   data_miss
data_miss:
        mov     r16 = cr.ifa
        movl    r17 = data_pte
        mov     r18 = PAGE_SHIFT << 2
        mov     r22 = pr
        ;;
        ld8     r17 = [r17]
        extr.u  r19 = r16, 61, 3
        dep     r16 = 0, r16, 61, 3
        mov     cr.itir = r18
        ;;
        cmp.eq  p6, p0 = 4, r19
        dep     r16 = 0, r16, 0, PAGE_SHIFT
        ;;
(p6)    or      r17 = PTE_UNCACHED, r17
        ;;
        or      r16 = r16, r17
        ;;
insert: itc.d   r16
        mov     pr = r22, -1
        rfi
        ;;
        .endp   data_miss

        // The timer: counted, and asked for again. r16 to r31 are the handler's own.
        .proc   external_interrupt
external_interrupt:
        mov     r16 = cr.ivr                    // in service from here to cr.eoi
        movl    r17 = ticks
        movl    r18 = TIMER_PERIOD
        mov     r19 = cr.itm
        movl    r20 = end_interrupts
        mov     r22 = pr
        ;;
        srlz.d
        ld8     r16 = [r17]
        ld8     r20 = [r20]
        add     r19 = r18, r19
        ;;
        add     r16 = 1, r16
        mov     cr.itm = r19
        cmp.ne  p6, p0 = 0, r20
        ;;
        st8     [r17] = r16
(p6)    mov     cr.eoi = r0
        ;;
        srlz.d
        mov     pr = r22, -1
        rfi
        ;;
        .endp   external_interrupt

        .bss
        .align  16
stack:  .skip   16384
stack_end:
register_stack:
        .skip   16384
