// PAL (SDM vol. 2 chapter 11). Position independent, and without a use of memory that a caller would have to
// map: tables are read with data translation off, at their place in the ROM. Static registers only (11.10.2.2):
// r2, r3, r8 to r11, r14 to r27, p6 to p15 and b6 are scratch.
//
//     r28 --> table of procedures --> status and three values --> r8 to r11
//                                 --> code that finds them
//                                 --> nothing: the run ends
//
// Index below 256: static convention, arguments in r29 to r31, back by a branch to b0. From 256: stacked, called
// by br.call, arguments in in1 to in3 (in0 is the index).
#include "guests/ia64/firmware/layout.h"

#define UNIMPLEMENTED -1
#define INVALID -2
#define FAILED -3
#define CODE 100                // in place of a status: the first value is where
#define UNKNOWN 101
#define STATIC_COUNT 52
#define STACKED_COUNT 22
#define FIRST_STACKED 256

#define STACKED p9

        .section .pal, "ax"
        .global pal_proc
        .proc   pal_proc
pal_proc:
        br.cond.sptk.many dispatch
        ;;
        .org    PAL_RATIO
        data8   0, 0                    // the board's

        // Data translation and interrupts off; r17 keeps what was.
        .macro  PHYSICAL
        mov     r17 = psr
        ;;
        rsm     psr.i | psr.dt
        ;;
        srlz.d
        ;;
        .endm
        .macro  BACK
        ;;
        mov     psr.l = r17
        ;;
        srlz.d
        ;;
        .endm
        // r8 to r11 from four words at r15.
        .macro  FETCH
        PHYSICAL
        ld8     r8 = [r15], 8
        ;;
        ld8     r9 = [r15], 8
        ;;
        ld8     r10 = [r15], 8
        ;;
        ld8     r11 = [r15]
        BACK
        .endm
        .macro  DONE status
        mov     r8 = \status
        br.cond.sptk.many finish
        ;;
        .endm

        .org    0x40
dispatch:
        mov     r14 = ip                // PAL_START + 0x40, or where that is mapped or copied to
        movl    r15 = procedures
        cmp.gtu p6, STACKED = STATIC_COUNT, r28
        mov     r16 = r28
        ;;
(STACKED) movl  r15 = stacked_procedures
(STACKED) adds  r16 = -FIRST_STACKED, r28
        adds    r14 = -0x40, r14
        ;;
(STACKED) cmp.gtu p6, p0 = STACKED_COUNT, r16
        shl     r16 = r16, 5
        ;;
(p6)    add     r15 = r15, r16
        cmp.eq  p7, p0 = r0, r0
        ;;
(p6)    cmp.ne  p7, p0 = r0, r0
        ;;
(p7)    br.cond.spnt.many refuse
        ;;
        FETCH
        cmp.eq  p6, p0 = CODE, r8
        cmp.eq  p7, p0 = UNKNOWN, r8
        ;;
(p7)    br.cond.spnt.many refuse
(p6)    add     r2 = r9, r14
        ;;
(p6)    mov     b6 = r2
(p6)    mov     r9 = 0
        ;;
(p6)    br.cond.sptk.many b6
        ;;
finish:
(STACKED) br.ret.sptk.many b0
        br.cond.sptk.many b0
        ;;

refuse: dep     r16 = 0, r28, 56, 8     // REFUSED_PAL
        movl    r15 = REFUSED_PLACE
        ;;
        PHYSICAL
        st8     [r15] = r16
        ;;
1:      br.cond.sptk.many 1b
        ;;

// Arguments: r29, r30, r31. r9 to r11 are 0 at entry; r14 is PAL_PROC's address now.

cache_flush:                            // type: instruction, data, both, made coherent; memory is always coherent
        adds    r2 = -1, r29
        ;;
        cmp.gtu p6, p7 = 4, r2
        ;;
(p6)    mov     r8 = 0
(p7)    mov     r8 = INVALID
        br.cond.sptk.many finish
        ;;

cache_info:                             // level, type: 1 instruction, 2 data or unified
        cmp.gtu p6, p7 = 3, r29
        adds    r2 = -1, r30
        ;;
(p6)    cmp.gtu p6, p7 = 2, r2
        movl    r15 = caches
        shladd  r2 = r29, 1, r2
        ;;
        shl     r2 = r2, 5
(p7)    mov     r8 = INVALID
(p7)    br.cond.spnt.many finish
        ;;
        add     r15 = r15, r2
        ;;
        FETCH
        br.cond.sptk.many finish
        ;;

cache_protection:                       // the same caches, and nothing protects them
        cmp.gtu p6, p7 = 3, r29
        adds    r2 = -1, r30
        ;;
(p6)    cmp.gtu p6, p7 = 2, r2
        ;;
(p7)    mov     r8 = INVALID
(p7)    br.cond.spnt.many finish
        cmp.eq  p6, p7 = 0, r29
        ;;
(p7)    cmp.eq  p6, p7 = 1, r2          // beyond the first level caches are unified
        ;;
(p6)    mov     r8 = 0
(p7)    mov     r8 = INVALID
        br.cond.sptk.many finish
        ;;

vm_info:                                // level 0 only; type 1 instruction, 2 data
        adds    r2 = -1, r30
        cmp.eq  p6, p7 = 0, r29
        ;;
(p6)    cmp.gtu p6, p7 = 2, r2
        movl    r15 = tlb
        ;;
(p7)    mov     r8 = INVALID
(p7)    br.cond.spnt.many finish
        ;;
        FETCH
        br.cond.sptk.many finish
        ;;

fixed_address:
        mov     r9 = cr.lid
        ;;
        extr.u  r9 = r9, 16, 16
        DONE    0

frequency_ratios:
        movl    r15 = PAL_START + PAL_RATIO
        ;;
        PHYSICAL
        ld8     r9 = [r15]
        BACK
        mov     r11 = r9
        movl    r10 = 0x100000001       // the bus: as the base
        DONE    0

performance_monitors:                   // buffer of 128 bytes: masks of 256 bits
        extr.u  r2 = r29, 0, 3
        mov     r3 = r29
        ;;
        cmp.eq  p6, p7 = 0, r2
        ;;
(p7)    mov     r8 = INVALID
(p7)    br.cond.spnt.many finish
        mov     r18 = 0xff              // PMC0 to 7
        mov     r19 = 0xf0              // PMD4 to 7; nothing is counted, neither cycles nor instructions
        ;;
        st8     [r3] = r18, 8
        ;;
        st8     [r3] = r0, 8
        ;;
        st8     [r3] = r0, 8
        ;;
        st8     [r3] = r0, 8
        ;;
        st8     [r3] = r19, 8
        mov     r2 = 11
        ;;
1:      st8     [r3] = r0, 8
        adds    r2 = -1, r2
        ;;
        cmp.ne  p6, p0 = 0, r2
(p6)    br.cond.sptk.many 1b
        movl    r9 = 4 | 47 << 8        // counters, and their width
        DONE    0

platform_address:                       // type: 0 interrupt block, 1 I/O ports; both stay where they are
        cmp.gtu p6, p7 = 2, r29
        cmp.eq  p8, p0 = 1, r29
        movl    r2 = INTERRUPT_BLOCK
        ;;
(p7)    mov     r8 = INVALID
(p7)    br.cond.spnt.many finish
(p8)    movl    r2 = PORT_SPACE
        dep     r3 = 0, r30, 63, 1
        ;;
        cmp.eq  p6, p7 = r2, r3
        ;;
(p6)    mov     r8 = 0
(p7)    mov     r8 = FAILED
        br.cond.sptk.many finish
        ;;

processor_features:                     // feature_set in r30: of set 0 there is none, other sets do not exist
        cmp.eq  p6, p7 = 0, r30
        ;;
(p6)    mov     r8 = 0
(p7)    mov     r8 = -8
        br.cond.sptk.many finish
        ;;

mc_expected:                            // returns what was said last
        movl    r15 = DATA_START + DATA_MC_EXPECTED
        mov     r2 = cr.lid
        cmp.gtu p6, p7 = 2, r29
        ;;
        extr.u  r2 = r2, 24, 8
(p7)    mov     r8 = INVALID
(p7)    br.cond.spnt.many finish
        ;;
        shladd  r15 = r2, 3, r15
        ;;
        PHYSICAL
        ld8     r9 = [r15]
        ;;
        st8     [r15] = r29
        BACK
        DONE    0

mc_register_memory:                     // 512-byte aligned; machine checks end the run, so that nobody stores there
        extr.u  r2 = r29, 0, 9
        ;;
        cmp.eq  p6, p7 = 0, r2
        ;;
(p6)    mov     r8 = 0
(p6)    movl    r9 = 4096               // what a save area takes (11.3.2.4)
(p7)    mov     r8 = INVALID
        br.cond.sptk.many finish
        ;;

halt_light:
        movl    r15 = HALT_PLACE
        ;;
        PHYSICAL
        st8     [r15] = r0
        BACK
        DONE    0

register_info:
        cmp.gtu p6, p7 = 4, r29
        movl    r15 = registers
        shl     r2 = r29, 5
        ;;
(p7)    mov     r8 = INVALID
(p7)    br.cond.spnt.many finish
        add     r15 = r15, r2
        ;;
        FETCH
        br.cond.sptk.many finish
        ;;

prefetch_visibility:                    // type: 0 virtual, 1 physical; 1: nothing is to be done elsewhere
        cmp.gtu p6, p7 = 2, r29
        ;;
(p6)    mov     r8 = 1
(p7)    mov     r8 = INVALID
        br.cond.sptk.many finish
        ;;

logical_to_physical:                    // a package has one core with one thread: number 0, or -1 for the caller's
        adds    r2 = 1, r29
        mov     r3 = cr.lid
        movl    r9 = 1 | 1 << 16 | 1 << 32
        ;;
        cmp.gtu p6, p7 = 2, r2
        extr.u  r11 = r3, 16, 16        // its address: id and eid
        extr.u  r3 = r3, 24, 8
        ;;
(p7)    mov     r8 = INVALID
(p7)    mov     r9 = 0
(p7)    mov     r11 = 0
(p7)    br.cond.spnt.many finish
        dep     r9 = r3, r9, 48, 8      // the package's number
        DONE    0

copy_pal:                               // target, size of the area, 0 on the first processor
        movl    r2 = PAL_SIZE
        movl    r15 = PAL_START
        mov     r3 = r33
        ;;
        cmp.geu p6, p7 = r34, r2
        ;;
(p7)    mov     r8 = INVALID
(p7)    br.cond.spnt.many finish
        cmp.eq  p6, p7 = 0, r35
        ;;
(p7)    mov     r8 = 0
(p7)    br.cond.spnt.many finish
        ;;
        PHYSICAL
1:      ld8     r18 = [r15], 8
        adds    r2 = -8, r2
        ;;
        st8     [r3] = r18, 8
        cmp.ne  p6, p0 = 0, r2
(p6)    br.cond.sptk.many 1b
        BACK
        DONE    0                       // PAL_PROC is at its beginning

halt_info:                              // eight words: LIGHT_HALT alone exists, and is left within a cycle
        extr.u  r2 = r33, 0, 3
        mov     r3 = r33
        movl    r18 = 1 | 1 << 16 | 1 << 60 | 1 << 61
        ;;
        cmp.eq  p6, p7 = 0, r2
        ;;
(p7)    mov     r8 = INVALID
(p7)    br.cond.spnt.many finish
        st8     [r3] = r18, 8
        mov     r2 = 7
        ;;
1:      st8     [r3] = r0, 8
        adds    r2 = -1, r2
        ;;
        cmp.ne  p6, p0 = 0, r2
(p6)    br.cond.sptk.many 1b
        DONE    0
        .endp   pal_proc

        .balign 32
        .macro  VALUES status=0, first=0, second=0, third=0
        data8   \status, \first, \second, \third
        .set    entries, entries + 1
        .endm
        .macro  AT place
        VALUES  CODE, "\place - pal_proc"
        .endm

#define PAGE_SIZES (1 << 12 | 1 << 13 | 1 << 14 | 1 << 16 | 1 << 18 | 1 << 20 | 1 << 22 | 1 << 24 | 1 << 26 | 1 << 28 | 1 << 30 | 1 << 32)
#define VERSION_1_0 (0x0100 << 32 | 0x0100)

        .set    entries, 0
procedures:
        VALUES  UNKNOWN                         // 0
        AT      cache_flush
        AT      cache_info
        VALUES                                  // PAL_CACHE_INIT
        VALUES  0, 3, 4                         // PAL_CACHE_SUMMARY: levels, caches
        VALUES  0, 0xf1                         // PAL_MEM_ATTRIB: WB, UC, UCE, WC, NaTPage
        VALUES  0, 0, 0x100000001, 0            // PAL_PTCE_INFO: one ptc.e does it
        AT      vm_info
        // PAL_VM_SUMMARY: walker, 50 physical bits, keys of 24 bits in 16 registers, 64 TRs of each kind, two TCs in
        // one level; virtual addresses up to bit 60, region identifiers of 24 bits, one global purge at a time
        VALUES  0, 1 | 50 << 1 | 24 << 8 | 15 << 16 | 63 << 32 | 63 << 40 | 2 << 48 | 1 << 56, 60 | 24 << 8 | 1 << 16
        VALUES                                  // PAL_BUS_GET_FEATURES
        VALUES                                  // 10, PAL_BUS_SET_FEATURES
        VALUES  0, 4, 4                         // PAL_DEBUG_INFO: pairs for instructions, for data
        AT      fixed_address
        VALUES  UNIMPLEMENTED                   // PAL_FREQ_BASE: SAL knows
        AT      frequency_ratios
        AT      performance_monitors
        AT      platform_address
        AT      processor_features
        VALUES                                  // PAL_PROC_SET_FEATURES
        VALUES  0, 96                           // PAL_RSE_INFO
        VALUES  0, VERSION_1_0, VERSION_1_0     // 20, PAL_VERSION
        VALUES                                  // PAL_MC_CLEAR_LOG
        VALUES                                  // PAL_MC_DRAIN
        AT      mc_expected
        VALUES  UNIMPLEMENTED                   // PAL_MC_DYNAMIC_STATE
        VALUES  -6                              // PAL_MC_ERROR_INFO: there was none
        VALUES  UNKNOWN                         // PAL_MC_RESUME
        AT      mc_register_memory
        VALUES  UNIMPLEMENTED                   // PAL_HALT
        AT      halt_light
        VALUES  0, PAL_SIZE, PAL_SIZE           // 30, PAL_COPY_INFO: size, alignment
        VALUES  UNKNOWN                         // PAL_CACHE_LINE_INIT
        VALUES                                  // PAL_PMI_ENTRYPOINT
        VALUES  UNIMPLEMENTED                   // PAL_ENTER_IA_32_ENV
        VALUES  0, PAGE_SIZES, PAGE_SIZES       // PAL_VM_PAGE_SIZE: to insert, to purge
        VALUES  UNKNOWN                         // 35
        VALUES  UNKNOWN
        VALUES  UNKNOWN                         // PAL_TEST_INFO
        AT      cache_protection
        AT      register_info
        VALUES  UNKNOWN                         // 40
        AT      prefetch_visibility
        AT      logical_to_physical
        VALUES  UNIMPLEMENTED                   // PAL_CACHE_SHARED_INFO
        VALUES  UNIMPLEMENTED                   // PAL_PSTATE_INFO
        VALUES  UNIMPLEMENTED                   // PAL_SHUTDOWN
        VALUES  UNKNOWN
        VALUES  UNKNOWN
        VALUES  UNIMPLEMENTED                   // PAL_GET_HW_POLICY
        VALUES  UNIMPLEMENTED                   // PAL_SET_HW_POLICY
        VALUES  UNIMPLEMENTED                   // 50, PAL_VP_INFO
        VALUES  UNIMPLEMENTED                   // PAL_MC_HW_TRACKING
        .if     entries - STATIC_COUNT
        .error  "STATIC_COUNT"
        .endif

        .set    entries, 0
stacked_procedures:
        AT      copy_pal                        // 256
        AT      halt_info
        VALUES  UNKNOWN                         // PAL_TEST_PROC
        VALUES  UNIMPLEMENTED                   // PAL_CACHE_READ
        VALUES  UNIMPLEMENTED                   // 260, PAL_CACHE_WRITE
        VALUES  UNKNOWN                         // PAL_VM_TR_READ
        VALUES  UNIMPLEMENTED                   // PAL_GET_PSTATE
        VALUES  UNIMPLEMENTED                   // PAL_SET_PSTATE
        VALUES  UNKNOWN
        .rept   8                               // 265 to 272, PAL_VP_CREATE to PAL_VP_TERMINATE
        VALUES  UNIMPLEMENTED
        .endr
        VALUES  UNKNOWN
        VALUES  UNIMPLEMENTED                   // PAL_BRAND_INFO
        VALUES  UNKNOWN
        VALUES  UNIMPLEMENTED                   // PAL_MC_ERROR_INJECT
        VALUES  UNIMPLEMENTED                   // PAL_MEMORY_BUFFER
        .if     entries - STACKED_COUNT
        .error  "STACKED_COUNT"
        .endif

// Geometry of Itanium 2's caches. The machine models none: all of memory is as near as a cycle.
//   first   unified:0 write-back:1 ways:15-8 log2 line:23-16 log2 stride:31-24 store latency:39-32 load:47-40
//   second  bytes:31-0 alias boundary:39-32 lowest tag bit:47-40 highest:55-48
        .macro  CACHE flags, ways, line, bytes, tag
        VALUES  0, \flags | \ways << 8 | \line << 16 | \line << 24 | 1 << 32 | 1 << 40, \bytes | 12 << 32 | \tag << 40 | 49 << 48
        .endm
caches: CACHE   0, 4, 6, 16384, 12              // instructions
        CACHE   0, 4, 6, 16384, 12              // data, written through
        VALUES  INVALID
        CACHE   3, 8, 7, 262144, 15
        VALUES  INVALID
        CACHE   3, 12, 7, 3145728, 18

// sets:7-0 ways:15-8 entries:31-16; bit 34: a TR takes a place
tlb:    VALUES  0, 1 | 128 << 8 | 128 << 16 | 1 << 34, PAGE_SIZES

#define APPLICATION (0xff | 0xf << 16 | 1 << 21 | 0x7f << 24 | 1 << 32 | 1 << 36 | 1 << 40 | 1 << 44)
#define CONTROL (7 | 1 << 8 | 3 << 16 | 0x7f << 19)
registers:
        VALUES  0, APPLICATION, 7               // ar.pfs, ar.lc, ar.ec
        VALUES  0, APPLICATION, 7               // read without an effect
        VALUES  0, CONTROL, 0x7ff | 3 << 16     // cr.lid to cr.cmcv, cr.lrr0 and 1
        VALUES  0, CONTROL, 0x7fd | 3 << 16     // all but cr.ivr
