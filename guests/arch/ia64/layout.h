/* What assembly and C++ both know: the address map, and what lies where in a kernel stack.
 *
 *   region 0      user: text, data, heap; stack (memory stack from its top down, register stack from its
 * bottom up) region 4      the window: frames of others, where these have no place of their own
 * region 5      the image, by one translation register of each side; it may lie at any multiple of
 * 16 MiB region 6 + pa memory and devices, uncached region 7 + pa memory, write-back; here are the thread's
 * stacks
 *
 * From 0xe8… on region 7 belongs to the hypervisor. A kernel stack, low addresses first:
 *
 *   | Thread | UserState: registers of floating point, TrapFrame | register stack ──>    <── memory stack |
 *
 * The register stack begins with what was dirty of the user's when it entered the kernel: frame and registers
 * are one piece, so that fork can copy them. A new thread leaves room for them, for a forked one gets its
 * parent's. */
#pragma once

#define IMAGE_BASE 0xa000000000000000 /* virtual: + the physical address it is linked for */
#define IMAGE_PA 0                    /* its 16 MiB */
#define IMAGE_OFFSET 0x100000         /* in them; what is below is firmware's */
#define IMAGE_SHIFT 24
#define KERNEL_BASE 0xe000000000000000
#define DEVICE_BASE 0xc000000000000000
#define WINDOW_BASE 0x8000000000000000 /* 8 MiB, page by page as window_entries says */
#define WINDOW_SHIFT 23
#define GRANULE_SHIFT 24 /* regions 6 and 7 are mapped in pages of 16 MiB, as misses ask for them */
#define USER_VA_BITS 38

/* Region identifiers: 18 bits are what a domain may use. Those of regions 1 to 7 are their numbers. */
#define FIRST_USER_RID 16
#define END_USER_RID 0x40000
#define REGION_REGISTER(rid, page_shift) ((rid) << 8 | (page_shift) << 2)

/* Translations (SDM vol. 2 4.1.1.5): present, accessed, dirty, level 0, readable, writable, executable; for
 * regions 5 to 7. */
#define PTE_MEMORY 0x661 /* write-back */
#define PTE_DEVICE 0x671 /* uncached */
#define PTE_ADDRESS_BITS 50

#define STACK_SHIFT 15
#define STACK_BYTES (1 << STACK_SHIFT)
#define USER_STATE 256 /* behind Thread */
#define USER_HIGH 0    /* offsets into UserState: f32 to f127 */
#define USER_LOW 1536  /* f2 to f5, f16 to f31 */
#define USER_RNAT \
  1856 /* NaT bits of the last, unfinished group of registers that a forked thread begins with */
#define USER_FLAGS 1864
#define USER_FRAME 1872
#define FRAME_IN_STACK (USER_STATE + USER_FRAME)
#define REGISTERS_IN_STACK (FRAME_IN_STACK + FRAME_SIZE)
#define MOST_REGISTERS 1024 /* bytes: 96 of them, and NaT bits */

/* Offsets into TrapFrame (arch_trap.h). */
#define FRAME_VECTOR 0
#define FRAME_IIP 8
#define FRAME_IPSR 16
#define FRAME_IFS 24
#define FRAME_ISR 32
#define FRAME_PR 64
#define FRAME_RSC 200
#define FRAME_DIRTY 224
#define FRAME_GR 232
#define FRAME_NAT 480
#define FRAME_FR 496
#define FRAME_SIZE 656

/* What arch_switch_stack leaves: b0, bspstore, rnat, pfs, then nobody else's concern. */
#define SWITCH_SIZE 144

/* PSR (SDM vol. 2 3.3.2). */
#define PSR_IC 0x2000
#define PSR_I 0x4000
#define PSR_DT 0x20000
#define PSR_RT 0x8000000
#define PSR_IT 0x1000000000
#define PSR_BN 0x100000000000
#define KERNEL_PSR (PSR_IC | PSR_DT | PSR_RT | PSR_IT | PSR_BN)
#define PSR_CPL_SHIFT 32
#define PSR_RI_SHIFT 41

#define USER_LEVEL 3
#define FPSR_DEFAULT 0x0009804c8a70033f /* traps off; sf0 double-extended, sf1 widest (SDM vol. 1 5.1.2) */
#define SYSCALL_BREAK 0x100000
#define HYPERCALL_BREAK 0x1000
