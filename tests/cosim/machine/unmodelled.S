# Places where microvm has nothing read as all ones, whatever the width. Exit value: how many of them did.
#include "pvh.inc"
start32:
        xor     %edi, %edi
        mov     $4, %ecx                # each place several times: it is reported once
1:      mov     $0x61, %dx
        in      %dx, %al
        cmp     $0xff, %al
        jne     2f
        inc     %edi
2:      mov     $0x61, %al
        mov     $0x64, %dx
        out     %al, %dx                # ignored
        mov     $0xcf8, %dx
        in      %dx, %eax
        cmp     $0xffffffff, %eax
        jne     3f
        inc     %edi
3:      dec     %ecx
        jnz     1b
        mov     %edi, %eax
        exit
