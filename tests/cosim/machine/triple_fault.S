# An exception without any descriptor table shuts the processor down.
#include "pvh.inc"
start32:
        putc    't'
        lidt    nothing
        ud2
        putc    '!'
nothing:
        .word   0
        .long   0
