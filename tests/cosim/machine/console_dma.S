# A device's write into code that has already run must be seen by the next execution. The virtio console in the last
# slot receives six bytes straight into `patch`. Exit value: 0x10 * (what patch returned after) + (before) = 0x21.
#include "pvh.inc"
        .set    slot, 0xfeb02e00
start32:
        mov     $stack_top, %esp
        mov     $3, %ecx
1:      call    patch
        loop    1b
        mov     %eax, %esi

        movl    $0, slot + 0x70
        movl    $3, slot + 0x70         # ACKNOWLEDGE, DRIVER
        movl    $0, slot + 0x24
        movl    $0, slot + 0x20
        movl    $1, slot + 0x24
        movl    $1, slot + 0x20         # VERSION_1
        movl    $0x0b, slot + 0x70      # FEATURES_OK
        movl    $0, slot + 0x30         # receive queue
        movl    $8, slot + 0x38
        movl    $descriptors, slot + 0x80
        movl    $0, slot + 0x84
        movl    $available, slot + 0x90
        movl    $0, slot + 0x94
        movl    $used, slot + 0xa0
        movl    $0, slot + 0xa4
        movl    $1, slot + 0x44
        movl    $patch, descriptors
        movl    $6, descriptors + 8
        movw    $2, descriptors + 12    # device writes
        movw    $1, available           # no interrupt
        movw    $1, available + 2
        movl    $0x0f, slot + 0x70      # DRIVER_OK
        movl    $0, slot + 0x50

        putc    'r'
2:      pause
        cmpw    $1, used + 2
        jne     2b
        call    patch
        shl     $4, %eax
        or      %esi, %eax
        exit

        .align 4096
patch:  mov     $1, %eax                # b8 01 00 00 00
        ret                             # c3
        .align 4096

        .bss
        .align 4096
descriptors:
        .skip 4096
available:
        .skip 4096
used:   .skip 4096
        .skip 4096
stack_top:
