/* A second entry point for upcalls, which leaves a trace. Collection is off: the image has a translation register. */
        .text
        .global other_event_callback
        .proc   other_event_callback
        .align  32
other_event_callback:
        movl    r16 = other_upcalls
        ;;
        fetchadd4.acq r17 = [r16], 1
        br.cond.sptk.many xen_vectors + 0x3000
        .endp   other_event_callback

        .bss
        .balign 8
        .global other_upcalls
other_upcalls:
        .skip   4
