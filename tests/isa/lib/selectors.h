// Segment selectors and boot values shared by assembly and C++.
//
//     GDT   0x08 kernel code 64   0x10 kernel data   0x18 user code 32   0x20 user data   0x28 user code 64
//           0x30 TSS of cpu 0     0x40 TSS of cpu 1  0x50 LDT            0x60.. free for the programs
//
// SYSRET wants user code 32, user data, user code 64 in this order (STAR[63:48] = 0x18).
#pragma once
#define SEL_KERNEL_CODE 0x08
#define SEL_KERNEL_DATA 0x10
#define SEL_USER_CODE32 0x1b
#define SEL_USER_DATA 0x23
#define SEL_USER_CODE 0x2b
#define SEL_TSS 0x30
#define SEL_LDT 0x50
#define SEL_FREE 0x60
#define GDT_ENTRIES 32

#define BOOT_CR0 0x80010033 /* PG WP NE ET MP PE */
#define BOOT_CR4 0x00000620 /* PAE OSFXSR OSXMMEXCPT */
