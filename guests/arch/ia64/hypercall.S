/* long hypercall_break(u64 a1, ..., u64 a5, u64 number): the hypervisor takes arguments from the frame's first registers. */
#include "layout.h"

        .text
        .global hypercall_break
        .proc   hypercall_break
hypercall_break:
        mov     r2 = r37
        ;;
        break   HYPERCALL_BREAK
        ;;
        br.ret.sptk.many b0
        .endp   hypercall_break
