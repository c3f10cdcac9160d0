// The lines between which the benchmark takes the time: "bench begin", "bench end <operations> <checksum>".
#pragma once
#include "guests/tests/lib/test.h"

inline void bench_begin() { print_line("bench begin"); }
inline void bench_end(u64 operations, u64 checksum) { print_line("bench end %lu %lu", operations, checksum); }
