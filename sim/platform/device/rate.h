// Conversions between picoseconds and ticks of a clock, exact in 128 bits.
#pragma once
#include "sim/core/types.h"

namespace xs::platform {

__extension__ typedef unsigned __int128 u128;

inline constexpr u64 ps_per_second = 1'000'000'000'000;

/// Whole ticks of a clock of `hz` in `ps`.
constexpr u64 ticks_in(u64 ps, u64 hz) { return static_cast<u64>(u128{ps} * hz / ps_per_second); }
/// The first picosecond at which `ticks` ticks have passed.
constexpr u64 ps_of(u64 ticks, u64 hz) {
  return static_cast<u64>((u128{ticks} * ps_per_second + hz - 1) / hz);
}

}  // namespace xs::platform
