/* First code of a further VCPU (start_cpu.cpp): r4 is where it goes on, r5 where its register stack begins. */
        .text
        .global xen_cpu_start
        .type   xen_cpu_start, @function
xen_cpu_start:
        mov     ar.rsc = 0
        movl    r14 = xen_vectors
        mov     b6 = r4
        ;;
        mov     cr.iva = r14
        ;;
        alloc   r15 = ar.pfs, 0, 0, 0, 0
        ;;
        loadrs
        ;;
        mov     ar.bspstore = r5
        ;;
        mov     ar.rnat = r0
        mov     ar.rsc = 7                      // eager, level 1
        ;;
        srlz.i
        ;;
        br.cond.sptk.many b6
        ;;
        .size   xen_cpu_start, . - xen_cpu_start
