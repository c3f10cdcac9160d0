# With interrupts off nothing can ever wake the core: the machine must notice instead of running on.
#include "pvh.inc"
start32:
        putc    'h'
        cli
        hlt
        putc    '!'
        hlt
