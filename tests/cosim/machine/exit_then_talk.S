# Once the exit port is written the machine is off: what follows in the same quantum is not heard.
#include "pvh.inc"
start32:
        putc    'a'
        mov     $7, %eax
        mov     $0xf4, %dx
        out     %eax, %dx
        putc    'b'
        movb    $0x42, 0xfea00202
1:      hlt
        jmp     1b
