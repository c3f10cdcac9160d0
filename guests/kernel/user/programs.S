/* The user programs' ELF files; XG_*_ELF are set by the build. */
        .section .rodata
.macro program name, file
        .balign 16
        .globl  program_\name, program_\name\()_end
        .type   program_\name, @object
program_\name:
        .incbin "\file"
        .size   program_\name, . - program_\name
program_\name\()_end:
.endm
        program worker, XG_WORKER_ELF
        program forker, XG_FORKER_ELF
        program bench, XG_BENCH_ELF
