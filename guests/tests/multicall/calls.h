#pragma once
#include "guests/tests/lib/test.h"

inline void set(multicall_entry_t& e, u64 op, u64 a = 0, u64 b = 0, u64 c = 0, u64 d = 0) {
  e = {};
  e.op = op;
  e.args[0] = a, e.args[1] = b, e.args[2] = c, e.args[3] = d;
  e.result = 0x5a5a;
}

// The architecture's: calls that change what the caller sees, in order; and one that takes the hypervisor
// long.
void check_effects();
void check_long_call();
