/* A program's entry: the argument in r16, an empty frame, both stacks ready; gp is the program's own affair. */
        .section .text.entry, "ax", @progbits
        .global user_entry
        .proc   user_entry
user_entry:
        alloc   r32 = ar.pfs, 0, 1, 1, 0
        movl    gp = __gp
        mov     out0 = r16
        ;;
        br.call.sptk.many b0 = user_start       // does not return
        ;;
        .endp   user_entry
