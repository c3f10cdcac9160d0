// What a domain finds as its firmware: procedures that ask the hypervisor (domain_firmware.h). Copied as they are.
        .macro  STUB number
        { .mib
        mov     r2 = \number
        break.i 0x1000
        br.ret.sptk.many b0
        }
        .endm

        .section .rodata
        .align  16
        .global domain_stubs
domain_stubs:
        .irp    service, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
        STUB    0x300 + \service
        .endr
        STUB    0x1000
        STUB    0x1100
