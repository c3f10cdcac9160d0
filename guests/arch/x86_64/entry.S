/* First instruction of every guest: rsi = start_info, rsp = a stack of the builder's, upcalls masked. The registers are kept as
 * found (the start-of-day test looks at them) before anything else happens. */
#include "hypervisor/abi/function.inc"

        .section .text.entry, "ax", @progbits
        FUNCTION guest_start
        movq    %rsp, entry_registers + 0*8(%rip)
        movq    %rsi, entry_registers + 1*8(%rip)
        pushfq
        popq    entry_registers + 2*8(%rip)
        movw    %cs, entry_registers + 3*8(%rip)
        movw    %ss, entry_registers + 4*8(%rip)
        movw    %ds, entry_registers + 5*8(%rip)
        movw    %es, entry_registers + 6*8(%rip)
        movw    %fs, entry_registers + 7*8(%rip)
        movw    %gs, entry_registers + 8*8(%rip)
        cld
        movq    %rsi, boot_info(%rip)
        leaq    boot_stack_top(%rip), %rsp
        xorl    %ebp, %ebp
        call    guest_main
        ud2
        END_FUNCTION guest_start

        .section .data, "aw", @progbits
        .balign 8
        .globl  entry_registers, boot_info
entry_registers:
        .skip   9*8
boot_info:
        .quad   0

        /* 16 KiB, aligned to its size: the kernel finds the current thread at the stack's lowest address. */
        .section .bss.stack, "aw", @nobits
        .balign 16384
        .globl  boot_stack, boot_stack_top
boot_stack:
        .skip   16384
boot_stack_top:
