// How often each operation of the verb `bench` is done in one measurement. As many digits: lines are as long.
#pragma once
#include "guests/lib/types.h"

constexpr u64 bench_counts[] = {100, 200};
