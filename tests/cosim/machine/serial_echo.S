# Echoes what the serial line receives, by polling, until a full stop. Exit value: how many characters came.
#include "pvh.inc"
start32:
        xor     %ebx, %ebx
        mov     $0x3fa, %dx
        mov     $1, %al                 # FIFOs on
        out     %al, %dx
        putc    '>'
1:      mov     $0x3fd, %dx
        pause
        in      %dx, %al
        test    $1, %al
        jz      1b
        mov     $0x3f8, %dx
        in      %dx, %al
        out     %al, %dx
        inc     %ebx
        cmp     $'.', %al
        jne     1b
        mov     %ebx, %eax
        exit
