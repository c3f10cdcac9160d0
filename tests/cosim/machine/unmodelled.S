# Places where microvm has nothing: ports read as all ones, whatever the width. Exit value: how many of them did.
# Each place stands at a symbol, behind other instructions of its block, and is visited several times.
#include "pvh.inc"
        .globl  in_61, out_64, in_cf8, store_mmio, load_mmio, load_mmio_again
start32:
        xor     %edi, %edi
        mov     $4, %ecx                # each place several times: it is reported once
1:      mov     $0x61, %dx
        nop
in_61:
        in      %dx, %al
        cmp     $0xff, %al
        jne     2f
        inc     %edi
2:      mov     $0x61, %al
        mov     $0x64, %dx
out_64:
        out     %al, %dx                # ignored
        mov     $0xcf8, %dx
in_cf8:
        in      %dx, %eax
        cmp     $0xffffffff, %eax
        jne     3f
        inc     %edi
3:      mov     $0xfd000000, %esi
        mov     start32, %eax
        mov     %eax, saved
store_mmio:
        mov     %eax, 0x10(%esi)
load_mmio:
        mov     0x10(%esi), %eax
        mov     $start32, %esi
        mov     0x10(%esi), %eax        # memory
        mov     $0xfd000000, %esi
load_mmio_again:
        mov     0x10(%esi), %eax
        dec     %ecx
        jnz     1b
        mov     %edi, %eax
        exit

        .bss
saved:  .long   0
