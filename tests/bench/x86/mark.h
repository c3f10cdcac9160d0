// The lines between which the benchmark takes the time: "bench begin", "bench end <operations> <checksum>".
#pragma once
#include "tests/isa/lib/text.h"

namespace isa {

inline void bench_begin() { print("bench begin\n"); }
inline void bench_end(u64 operations, u64 checksum) { print("bench end ", operations, " ", checksum, "\n"); }

}  // namespace isa
