// PVH entry (xen/include/public/arch-x86/hvm/start_info.h): 32-bit protected mode, paging off, EBX =
// hvm_start_info. Builds an identity map of 4 GiB and goes to 64-bit mode.
//
//     boot_pml4[0] ─► boot_pdpt[0..3] ─► boot_pd[0..2047], 2 MiB pages, user and writable
#include "tests/isa/lib/selectors.h"

        .section .note.pvh, "a", @note
        .balign 4
        .long 4, 4, 18                  // name size, value size, XEN_ELFNOTE_PHYS32_ENTRY
        .asciz "Xen"
        .long start_pvh

        .text
        .code32
        .globl start_pvh
start_pvh:
        cli
        cld
        movl $boot_stack_top, %esp
        movl %ebx, start_info_pa

        movl $boot_pdpt, %eax
        orl $7, %eax
        movl %eax, boot_pml4
        movl $boot_pd, %eax
        orl $7, %eax
        movl $boot_pdpt, %edi
        movl $4, %ecx
1:      movl %eax, (%edi)               // one PDPT entry per GiB
        addl $8, %edi
        addl $4096, %eax
        decl %ecx
        jnz 1b
        movl $0x87, %eax                // present, writable, user, 2 MiB
        movl $boot_pd, %edi
        movl $2048, %ecx
2:      movl %eax, (%edi)
        addl $8, %edi
        addl $0x200000, %eax
        decl %ecx
        jnz 2b

        call enter_long_mode            // returns in compatibility mode
        lgdt boot_gdt_pointer
        ljmp $SEL_KERNEL_CODE, $start_64

// CR4.PAE and PGE off/on as given by BOOT_CR4; EFER.LME, NXE, SCE; CR0.PG, WP, NE, MP. Used by every CPU.
        .globl enter_long_mode
enter_long_mode:
        movl $BOOT_CR4, %eax
        movl %eax, %cr4
        movl $boot_pml4, %eax
        movl %eax, %cr3
        movl $0xc0000080, %ecx
        xorl %edx, %edx
        movl $0x901, %eax
        wrmsr
        movl $BOOT_CR0, %eax
        movl %eax, %cr0
        ret

        .code64
start_64:
        movw $SEL_KERNEL_DATA, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        xorl %eax, %eax
        movw %ax, %fs
        movw %ax, %gs
        movabsq $boot_stack_top, %rsp
        xorl %ebp, %ebp
        call isa_start
1:      cli
        hlt
        jmp 1b

        .section .rodata
        .balign 8
boot_gdt:
        .quad 0
        .quad 0x00209a0000000000        // 64-bit code, DPL 0
        .quad 0x00cf92000000ffff        // data, DPL 0
        .globl boot_gdt_pointer
boot_gdt_pointer:
        .word boot_gdt_pointer - boot_gdt - 1
        .quad boot_gdt

        .data
        .globl start_info_pa
start_info_pa:
        .quad 0

        .bss
        .balign 4096
        .globl boot_pml4, boot_pdpt, boot_pd, boot_stack_top
boot_pml4: .skip 4096
boot_pdpt: .skip 4096
boot_pd:   .skip 4 * 4096
        .skip 16384
boot_stack_top:

        .section .note.GNU-stack, "", @progbits
