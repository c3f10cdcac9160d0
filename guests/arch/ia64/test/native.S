/* A test guest is about the hypervisor below it: on the bare machine it leaves at once, as a panic would. */
#include "layout.h"

#define EXIT_PORT 0xf4
#define EXIT_PANIC 2
#define UNCACHED (1 << 63)

        .text
        .global native_main
        .proc   native_main
native_main:
        rsm     psr.dt                          // ar.k0 is a physical address
        mov     r14 = ar.k0
        movl    r15 = UNCACHED + (EXIT_PORT >> 2 << 12 | EXIT_PORT)
        mov     r16 = EXIT_PANIC
        ;;
        srlz.d
        add     r14 = r14, r15
        ;;
        st4     [r14] = r16
1:      br.sptk.few 1b
        .endp   native_main

        /* Nothing interrupts it before: interrupts are off, and it touches no memory. */
        .global native_vectors
        .proc   native_vectors
native_vectors:
        br.sptk.few native_vectors
        .endp   native_vectors
