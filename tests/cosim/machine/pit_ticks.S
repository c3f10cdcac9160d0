# Channel 0 of the 8254 in mode 2 at 100 Hz, through pin 2 of the first I/O APIC to the local APIC: ten ticks, a dot
# for each, then exit with 10.
#include "pvh.inc"
        .set    local_apic, 0xfee00000
        .set    ioapic, 0xfec00000
start32:
        mov     $stack_top, %esp
        lgdt    gdt_pointer
        ljmp    $8, $1f
1:      mov     $16, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        movl    $tick, %eax
        movw    %ax, idt + 0x40 * 8
        movw    $8, idt + 0x40 * 8 + 2
        movw    $0x8e00, idt + 0x40 * 8 + 4
        shr     $16, %eax
        movw    %ax, idt + 0x40 * 8 + 6
        lidt    idt_pointer

        mov     $0xff, %al              # both 8259s masked
        out     %al, $0x21
        out     %al, $0xa1
        movl    $0x1ff, local_apic + 0xf0
        movl    $0, local_apic + 0x80
        movl    $0x15, ioapic           # pin 2, high half: APIC id 0
        movl    $0, ioapic + 0x10
        movl    $0x14, ioapic
        movl    $0x40, ioapic + 0x10
        mov     $0x34, %al
        out     %al, $0x43
        mov     $11932 & 0xff, %al
        out     %al, $0x40
        mov     $11932 >> 8, %al
        out     %al, $0x40

        xor     %ebx, %ebx
        sti
2:      hlt
        cmp     $10, %ebx
        jb      2b
        mov     %ebx, %eax
        exit

tick:   push    %eax
        push    %edx
        inc     %ebx
        putc    '.'
        movl    $0, local_apic + 0xb0   # end of interrupt
        pop     %edx
        pop     %eax
        iret

        .align 8
gdt:    .quad   0, 0x00cf9a000000ffff, 0x00cf92000000ffff
gdt_pointer:
        .word   23
        .long   gdt
idt_pointer:
        .word   0x41 * 8 - 1
        .long   idt

        .bss
        .align 4096
idt:    .skip 4096
        .skip 4096
stack_top:
