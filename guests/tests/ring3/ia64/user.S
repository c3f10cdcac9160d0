/* What the user mode of test ring3 does; each label is entered on its own. Copied to another address. */
#include "layout.h"

#define XSI 0xf100000000000000
#define CODE (1 << 30)

        .macro  PIECE name
        .global \name
        .proc   \name
\name:
        .endm

        .text
        .align  64
        .global user_code
        .type   user_code, @object
user_code:
        PIECE   user_system_call
        mov     r15 = 0x77
        break   SYSCALL_BREAK
        ;;
        .endp   user_system_call
        PIECE   user_division
        break   1
        ;;
        .endp   user_division
        // What a kernel would ask the hypervisor with; the number is xen_version's.
        PIECE   user_hypercall
        mov     r2 = 17
        break   HYPERCALL_BREAK
        ;;
        .endp   user_hypercall
        PIECE   user_hyperprivop
        mov     r8 = r0
        break   0x19
        ;;
        .endp   user_hyperprivop
        PIECE   user_read_kernel
        movl    r14 = KERNEL_BASE + IMAGE_OFFSET
        ;;
        ld8     r15 = [r14]
        ;;
        .endp   user_read_kernel
        PIECE   user_read_image
        movl    r14 = IMAGE_BASE + IMAGE_OFFSET
        ;;
        ld8     r15 = [r14]
        ;;
        .endp   user_read_image
        PIECE   user_read_registers
        movl    r14 = XSI
        ;;
        ld8     r15 = [r14]
        ;;
        .endp   user_read_registers
        PIECE   user_write_code
        movl    r14 = CODE
        ;;
        st8     [r14] = r0
        ;;
        .endp   user_write_code
        PIECE   user_call_kernel
        movl    r14 = IMAGE_BASE + IMAGE_OFFSET
        ;;
        mov     b6 = r14
        ;;
        br.cond.sptk.many b6
        ;;
        .endp   user_call_kernel
        PIECE   user_privileged
        rsm     psr.dt
        ;;
        .endp   user_privileged
        PIECE   user_kernel_register
        mov     ar.k0 = r0
        ;;
        .endp   user_kernel_register
        PIECE   user_stack_level
        mov     ar.rsc = 0
        ;;
        mov     r15 = ar.rsc
        break   SYSCALL_BREAK
        ;;
        .endp   user_stack_level
        .global user_end
        .type   user_end, @object
user_end:
        nop     0
