// One entry per vector, and the way into and out of probed code.
//
// Hardware aligns RSP to 16 before it pushes SS RSP RFLAGS CS RIP and perhaps an error code: bit 3 of RSP
// tells whether there is one. So every stub sees what was pushed, not what the vector should push.
        .text
        .balign 32
        .globl trap_stub_table
trap_stub_table:
vector = 0
        .rept 256
        .balign 32                      // trap_stub_size in descriptors.cpp
        testb $8, %spl
        jz 1f
        pushq $-1                       // TrapFrame::no_error
1:      pushq $vector
        jmp trap_common
vector = vector + 1
        .endr

trap_common:
        pushq %rax
        pushq %rbx
        pushq %rcx
        pushq %rdx
        pushq %rsi
        pushq %rdi
        pushq %rbp
        pushq %r8
        pushq %r9
        pushq %r10
        pushq %r11
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        cld
        movq %rsp, %rdi
        movq %rsp, %rbp
        andq $-16, %rsp
        call trap_dispatch
        movq %rbp, %rsp
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %r11
        popq %r10
        popq %r9
        popq %r8
        popq %rbp
        popq %rdi
        popq %rsi
        popq %rdx
        popq %rcx
        popq %rbx
        popq %rax
        addq $16, %rsp
        iretq

// u64 probe_enter(ProbeContext* context, const ProbeStart* start): runs code until it returns (0) or traps
// (1, through probe_leave).  ProbeStart: rip cs rflags rsp ss argument. CS 0 means: call it here, at CPL 0.
        .globl probe_enter
probe_enter:
        movq %rbx, 0(%rdi)
        movq %rbp, 8(%rdi)
        movq %r12, 16(%rdi)
        movq %r13, 24(%rdi)
        movq %r14, 32(%rdi)
        movq %r15, 40(%rdi)
        movq %rsp, 48(%rdi)
        movq %rsi, %rax
        movq 40(%rax), %rdi
        cmpq $0, 8(%rax)
        jne 1f
        pushq 16(%rax)
        popfq
        call *(%rax)
        pushq $2
        popfq
        xorl %eax, %eax
        ret
1:      pushq 32(%rax)
        pushq 24(%rax)
        pushq 16(%rax)
        pushq 8(%rax)
        pushq 0(%rax)
        iretq

// Where ring-3 code of either width returns to: the top of the user stack holds this address.
        .globl user_finish
user_finish:
        int $0x80

        .globl probe_leave
probe_leave:
        movq 0(%rdi), %rbx
        movq 8(%rdi), %rbp
        movq 16(%rdi), %r12
        movq 24(%rdi), %r13
        movq 32(%rdi), %r14
        movq 40(%rdi), %r15
        movq 48(%rdi), %rsp
        pushq $2
        popfq
        movw $0x10, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movl $1, %eax
        ret

        .section .note.GNU-stack, "", @progbits
