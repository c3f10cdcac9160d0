// One stream of random numbers per VCPU: the run depends on the seed alone, as far as VCPUs do not race.
#pragma once
#include "guests/lib/types.h"

struct Random {
  u64 state;

  explicit Random(u64 seed) : state(seed * 0x9e3779b97f4a7c15ull + 0x2545f4914f6cdd1dull) {
    for (unsigned i = 0; i < 8; i++) next();
  }
  u64 next() {  // xorshift64
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
  }
  u64 below(u64 n) { return (next() >> 11) % n; }
  bool one_in(u64 n) { return below(n) == 0; }
  template <typename T, size_t N>
  T pick(const T (&choices)[N]) {
    return choices[below(N)];
  }
};

extern Random rnd;  // VCPU 0's
