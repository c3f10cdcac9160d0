/* What assembly and C++ both read: stacks, and the frame that an interruption leaves on the memory stack. */
#pragma once

#define MOST_CPUS 4
#ifndef STACK_SHIFT
#define STACK_SHIFT 17 /* a program that needs more says so */
#endif
#define STACK_SIZE (1 << STACK_SHIFT)

/* Offsets into TrapFrame (bare.h), bytes. */
#define FRAME_VECTOR 0
#define FRAME_IIP 8
#define FRAME_IPSR 16
#define FRAME_IFS 24
#define FRAME_ISR 32
#define FRAME_IFA 40
#define FRAME_ITIR 48
#define FRAME_IIPA 56
#define FRAME_IIM 64
#define FRAME_IHA 72
#define FRAME_PR 80
#define FRAME_BR 88   /* b0, b6, b7 */
#define FRAME_AR 112  /* unat, pfs, ccv, fpsr, lc, ec, rsc, csd, ssd */
#define FRAME_GR 184  /* r1 to r31, without the stack pointer r12: 30 words, as they were spilled */
#define FRAME_NAT 424 /* unat after the spills */
#define FRAME_FR 432  /* f6 to f15, 16 bytes each */
#define FRAME_SIZE 592
