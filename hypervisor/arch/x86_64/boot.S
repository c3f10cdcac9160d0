// Entry of the boot CPU (PVH: 32-bit protected mode, paging off, EBX = hvm_start_info) and of the other CPUs (SIPI:
// real mode). Both end in C++ with long mode, boot page tables and a stack.
// Sources: Xen docs/misc/pvh.pandoc (entry state); Intel SDM vol. 3A 9.8.5 (long mode), 8.4 (MP start).
#include "hypervisor/abi/function.inc"
#include "hypervisor/arch/x86_64/layout.h"

#define PHYS(symbol) ((symbol) - HV_IMAGE_BASE)
#define CR0_PE 0x1
#define CR0_MP 0x2
#define CR0_ET 0x10
#define CR0_NE 0x20
#define CR0_WP 0x10000
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define EFER 0xc0000080
#define EFER_SCE_LME_NXE 0x901

    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 8, 18              // namesz, descsz, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad PHYS(pvh_start)

    .section .text.boot, "ax"
    .code32
    FUNCTION pvh_start
    cld
    cli
    lgdtl PHYS(boot_gdt_pointer)
    ljmpl $0x18, $PHYS(1f)
1:  movl $0x20, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %ebx, %ebp
    // .bss is zeroed by the loader (p_memsz); PVH promises it.
    movl $PHYS(1f), %edi
    jmp enable_long_mode_body
1:  ljmpl $0x8, $PHYS(boot_long)
    END_FUNCTION pvh_start

// Loads the boot page tables and turns paging on; the caller then jumps to a 64-bit selector. ESP is not set yet:
// the return address travels in EDI.
    LOCAL_FUNCTION enable_long_mode_body
    movl $CR4_PAE, %eax
    movl %eax, %cr4
    movl $PHYS(boot_l4), %eax
    movl %eax, %cr3
    movl $EFER, %ecx
    rdmsr
    orl $EFER_SCE_LME_NXE, %eax
    wrmsr
    movl $(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE), %eax
    movl %eax, %cr0
    jmp *%edi
    END_FUNCTION enable_long_mode_body

    .code64
    LOCAL_FUNCTION boot_long
    movabsq $boot_high, %rax
    jmp *%rax
    END_FUNCTION boot_long
    LOCAL_FUNCTION boot_high
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    leaq cpu_stacks + HV_STACK_SIZE - 8(%rip), %rsp
    leaq hv_cpus(%rip), %rax
    movq %rax, (%rsp)
    movl %ebp, %edi
    xorl %ebp, %ebp
    call boot_main
    ud2
    END_FUNCTION boot_high

// --- other CPUs ----------------------------------------------------------------------------------
// Copied to the page the SIPI names; runs there with CS = page >> 4. Finds its own stack in ap_boot_stack.
    .code16
    FUNCTION ap_trampoline
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    lgdtl ap_gdt_pointer - ap_trampoline
    movl $(CR0_PE | CR0_ET), %eax
    movl %eax, %cr0
    ljmpl $0x18, $PHYS(ap_protected)
    END_FUNCTION ap_trampoline
    .balign 4
    .type ap_gdt_pointer, @object
ap_gdt_pointer:
    .word 39
    .long PHYS(boot_gdt)
    .size ap_gdt_pointer, . - ap_gdt_pointer
    .globl ap_trampoline_end
    .type ap_trampoline_end, @object
ap_trampoline_end:

    .code32
    LOCAL_FUNCTION ap_protected
    movl $0x20, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl $PHYS(1f), %edi
    jmp enable_long_mode_body
1:  ljmpl $0x8, $PHYS(ap_long)
    END_FUNCTION ap_protected
    .code64
    LOCAL_FUNCTION ap_long
    movabsq $ap_high, %rax
    jmp *%rax
    END_FUNCTION ap_long
    LOCAL_FUNCTION ap_high
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    movq ap_boot_stack(%rip), %rsp
    xorl %ebp, %ebp
    call ap_main
    ud2
    END_FUNCTION ap_high

    .section .data
    .balign 16
boot_gdt:                       // 0x08 code64, 0x18 code32, 0x20 data32
    .quad 0
    .quad 0x00af9b000000ffff
    .quad 0
    .quad 0x00cf9b000000ffff
    .quad 0x00cf93000000ffff
boot_gdt_pointer:
    .word 39
    .quad PHYS(boot_gdt)

    .balign 8
    .globl ap_boot_stack
ap_boot_stack:
    .quad 0

// Boot page tables: the first GiB at 0 and at HV_IMAGE_BASE, 2 MiB pages.
    .balign 4096
    .globl boot_l4
boot_l4:
    .quad PHYS(boot_l3_low) + 7
    .fill 260, 8, 0
    .quad PHYS(boot_l3_image) + 7     // slot 261
    .fill 250, 8, 0
boot_l3_low:
    .quad PHYS(boot_l2) + 7
    .fill 511, 8, 0
boot_l3_image:
    .fill 322, 8, 0
    .quad PHYS(boot_l2) + 7           // (0x82d080000000 >> 30) & 511 = 322
    .fill 189, 8, 0
boot_l2:
    .set page, 0
    .rept 512
    .quad page + 0x83
    .set page, page + 0x200000
    .endr

    .section .bss.stacks, "aw", @nobits
    .balign HV_STACK_SIZE
    .globl cpu_stacks
cpu_stacks:
    .skip HV_STACK_SIZE * 4
