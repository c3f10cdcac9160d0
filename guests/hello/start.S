# From the PVH entry (32-bit protected mode, paging off, EBX = hvm_start_info) to 64-bit C++.
#define __ASSEMBLY__
#include <xen/elfnote.h>

#include "hypervisor/abi/function.inc"

        .section .note.Xen, "a", @note
        .align 4
        .long 4, 4, XEN_ELFNOTE_PHYS32_ENTRY
        .asciz "Xen"
        .long hello_start32

        .text
        .code32
        FUNCTION hello_start32
        mov     $stack_top, %esp
        # PML4[0] -> PDPT; PDPT[0..3] -> four page directories of 2 MiB pages: 4 GiB, virtual = physical.
        movl    $(pdpt + 3), pml4
        mov     $(page_directories + 3), %eax
        xor     %ecx, %ecx
1:      mov     %eax, pdpt(, %ecx, 8)
        add     $4096, %eax
        inc     %ecx
        cmp     $4, %ecx
        jb      1b
        mov     $0x83, %eax                     # present, writable, 2 MiB
        xor     %ecx, %ecx
2:      mov     %eax, page_directories(, %ecx, 8)
        add     $0x200000, %eax
        inc     %ecx
        cmp     $2048, %ecx
        jb      2b

        mov     %cr4, %eax
        or      $0x20, %eax                     # PAE
        mov     %eax, %cr4
        mov     $pml4, %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx               # EFER
        rdmsr
        or      $0x100, %eax                    # LME
        wrmsr
        mov     %cr0, %eax
        or      $0x80000000, %eax               # PG
        mov     %eax, %cr0
        lgdt    gdt_pointer
        ljmp    $8, $long_mode
        END_FUNCTION hello_start32

        .code64
        LOCAL_FUNCTION long_mode
        xor     %eax, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     %ebx, %edi
        call    hello_main
3:      hlt
        jmp     3b
        END_FUNCTION long_mode

        .section .rodata
        .align 8
gdt:    .quad 0
        .quad 0x00209a0000000000                # 64-bit code
gdt_pointer:
        .word gdt_pointer - gdt - 1
        .long gdt

        .bss
        .align 4096
pml4:   .skip 4096
pdpt:   .skip 4096
page_directories:
        .skip 4 * 4096
        .skip 8192
stack_top:
        .section .note.GNU-stack, "", @progbits
