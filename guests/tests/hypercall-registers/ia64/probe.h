// What hypercall_with() puts into registers, and what it finds there afterwards, in the order of call.S.
#pragma once
#ifndef __ASSEMBLER__
#include "guests/lib/types.h"

constexpr unsigned scratch_registers = 22;  // r3, r9 to r11, r14 to r31

struct Probe {
  u64 nats;  // of what is filled, by the lowest bits of its address
  u64 argument[5];
  u64 r4_7[4], b1_3[3], lc, ec, ccv;
  u64 number;
  u64 scratch[scratch_registers];
  struct Seen {
    u64 unat, r8;
    u64 r4_7[4], nats;
    u64 b1_3[3], lc, ec, ccv, b6, b7;
    u64 scratch[scratch_registers];
    u64 f6_11[6];
    u64 unwritten[70];  // r58 to r127 of a frame of 96
  } seen;
};
extern "C" void hypercall_with(Probe* probe);
extern "C" long hypercall_small(u64 number, u64 argument);
#endif
