/* Selectors of the hypervisor's own GDT page, at the place the PV ABI reserves for it (xen-x86_64.h,
   FIRST_RESERVED_GDT_PAGE = 14): page 14 of each CPU's descriptor window. Also read by assembly. */
#pragma once
#define SEL_HV_CS 0xe008
#define SEL_HV_SS 0xe010
#define SEL_GUEST_CS32 0xe023 /* FLAT_RING3_CS32; base of STAR's SYSRET selectors */
#define SEL_GUEST_SS 0xe02b   /* FLAT_RING3_SS64 */
#define SEL_GUEST_CS 0xe033   /* FLAT_RING3_CS64 */
#define SEL_TSS 0xe040        /* two entries */
#define VECTOR_SYSCALL 0x100  /* entry_vector of a hypercall; no real vector */
