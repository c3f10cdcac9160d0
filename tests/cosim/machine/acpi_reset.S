# The FADT's reset register: 0x42 at 0xfea00202. Other values do nothing.
#include "pvh.inc"
start32:
        movb    $0x41, 0xfea00202
        putc    'r'
        movb    $0x42, 0xfea00202
1:      hlt
        jmp     1b
