# Sleep control: SLP_TYP 5 with SLP_EN switches the machine off; without SLP_EN nothing happens.
#include "pvh.inc"
start32:
        movb    $0x14, 0xfea00200
        putc    'o'
        movb    $0x34, 0xfea00200
1:      hlt
        jmp     1b
