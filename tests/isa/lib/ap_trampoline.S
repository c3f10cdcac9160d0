// Where STARTUP sends CPU 1: copied to 0x8000, real mode, CS = 0x800. Only the first few instructions run
// from the copy; it jumps to the linked image as soon as it can address it.
#include "tests/isa/lib/selectors.h"

        .section .rodata
        .code16
        .globl ap_trampoline, ap_trampoline_end
ap_trampoline:
        cli
        cld
        movw %cs, %ax
        movw %ax, %ds
        lgdtl ap_gdt_pointer - ap_trampoline
        movl %cr0, %eax
        orl $1, %eax
        movl %eax, %cr0
        ljmpl $SEL_AP_CODE32, $ap_start_32
        .balign 8
ap_gdt_pointer:
        .word ap_gdt_end - ap_gdt - 1
        .long ap_gdt
ap_trampoline_end:

        .balign 8
        .set SEL_AP_CODE32, 0x18
ap_gdt:
        .quad 0
        .quad 0x00209b0000000000        // 64-bit code
        .quad 0x00cf93000000ffff        // data
        .quad 0x00cf9b000000ffff        // 32-bit code
ap_gdt_end:

        .text
        .code32
ap_start_32:
        movw $SEL_KERNEL_DATA, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movl $ap_stack_top, %esp
        call enter_long_mode
        ljmp $SEL_KERNEL_CODE, $ap_start_64
        .code64
ap_start_64:
        movabsq $ap_stack_top, %rsp
        xorl %ebp, %ebp
        call ap_start

        .bss
        .balign 16
        .skip 16384
ap_stack_top:

        .section .note.GNU-stack, "", @progbits
