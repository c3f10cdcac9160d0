// What decoded code depends on besides its bytes: bits of Processor::code_mode, and of a block's.
#pragma once
#include "sim/core/types.h"

namespace xs::ia64::mode {

inline constexpr u64 cpl = 3, it = 1 << 2, be = 1 << 3, dfl = 1 << 4, dfh = 1 << 5, vm = 1 << 6, pk = 1 << 7;
/// The slot that a block begins with.
inline constexpr unsigned ri_shift = 8;

}  // namespace xs::ia64::mode
