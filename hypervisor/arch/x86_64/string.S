// memcpy, memmove, memset. The string instructions are the fastest way both on hardware and under emulation.
#include "hypervisor/abi/function.inc"

    .text
    FUNCTION memcpy
    movq %rdi, %rax
    movq %rdx, %rcx
    rep movsb
    ret
    END_FUNCTION memcpy

    FUNCTION memmove
    movq %rdi, %rax
    movq %rdx, %rcx
    movq %rdi, %r8
    subq %rsi, %r8
    cmpq %rdx, %r8                // to - from below the length, unsigned: the end would be overwritten first
    jb 1f
    rep movsb
    ret
1:  leaq -1(%rdi, %rdx), %rdi
    leaq -1(%rsi, %rdx), %rsi
    std
    rep movsb
    cld
    ret
    END_FUNCTION memmove

    FUNCTION memset
    movq %rdi, %r8
    movl %esi, %eax
    movq %rdx, %rcx
    rep stosb
    movq %r8, %rax
    ret
    END_FUNCTION memset
