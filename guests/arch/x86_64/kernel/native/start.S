/* The native entry (PVH: 32-bit protected mode, paging off, EBX = hvm_start_info; Xen, docs/misc/pvh.pandoc), named by one more
 * note in the image that a domain builder enters at guest_start. It makes the image's addresses true: the first GiB at 0, where this
 * runs, and at VIRT_BASE, by pages of 2 MiB. Way into long mode: Intel SDM vol. 3A 9.8.5. */
#define __ASSEMBLY__
#include <xen/elfnote.h>

#include "hypervisor/abi/function.inc"
#include "selectors.h"

#define VIRT_BASE 0xffffffff80000000
#define PHYS(symbol) ((symbol) - VIRT_BASE)
#define TABLE 0x3                       /* present, writable */
#define PAGE_2M 0x83
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_SCE_LME_NXE 0x901
#define CR0_PG_WP_NE_TS 0x80010028      /* TS: this kernel keeps nobody's FPU registers; see trap 7 */

        .section .note.Xen, "a", @note
        .balign 4
        .long   4, 8, XEN_ELFNOTE_PHYS32_ENTRY
        .asciz  "Xen"
        .quad   PHYS(native_start)

        .text
        .code32
        FUNCTION native_start
        cld
        cli
        movl    $PHYS(native_l3) + TABLE, PHYS(native_l4)
        movl    $PHYS(native_l3) + TABLE, PHYS(native_l4) + 511 * 8
        movl    $PHYS(native_l2) + TABLE, PHYS(native_l3)
        movl    $PHYS(native_l2) + TABLE, PHYS(native_l3) + 510 * 8
        movl    $PAGE_2M, %eax
        xorl    %ecx, %ecx
1:      movl    %eax, PHYS(native_l2)(, %ecx, 8)
        addl    $0x200000, %eax
        incl    %ecx
        cmpl    $512, %ecx
        jb      1b

        movl    %cr4, %eax
        orl     $CR4_PAE, %eax
        movl    %eax, %cr4
        movl    $PHYS(native_l4), %eax
        movl    %eax, %cr3
        movl    $MSR_EFER, %ecx
        rdmsr
        orl     $EFER_SCE_LME_NXE, %eax
        wrmsr
        movl    %cr0, %eax
        orl     $CR0_PG_WP_NE_TS, %eax
        movl    %eax, %cr0
        lgdt    PHYS(boot_gdt_pointer)
        ljmp    $NATIVE_CS, $PHYS(native_long)
        END_FUNCTION native_start

        .code64
        LOCAL_FUNCTION native_long
        movq    $native_high, %rax
        jmp     *%rax
        END_FUNCTION native_long

        LOCAL_FUNCTION native_high
        xorl    %eax, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %fs
        movl    %eax, %gs
        movl    $NATIVE_SS, %eax
        movl    %eax, %ss
        leaq    boot_stack_top(%rip), %rsp
        xorl    %ebp, %ebp
        movl    %ebx, %edi
        call    native_main
        ud2
        END_FUNCTION native_high

        .section .data, "aw", @progbits
        .balign 8
        .globl  native_gdt
        .type   native_gdt, @object
native_gdt:
        .quad   0
        .quad   0x00af9b000000ffff      /* NATIVE_CS: 64-bit code */
        .quad   0x00cf93000000ffff      /* NATIVE_SS */
        .quad   0x00cff3000000ffff      /* NATIVE_USER_SS */
        .quad   0x00affb000000ffff      /* NATIVE_USER_CS */
        .quad   0, 0                    /* NATIVE_TSS, filled in by descriptors.cpp */
        .size   native_gdt, . - native_gdt
boot_gdt_pointer:
        .word   boot_gdt_pointer - native_gdt - 1
        .long   PHYS(native_gdt)

        .section .bss.pages, "aw", @nobits
        .balign 4096
        .globl  native_l4, native_l3, native_l2
native_l4:
        .skip   4096
native_l3:
        .skip   4096
native_l2:
        .skip   4096
