// Unicorn as it comes, without a hook or an MMU: the yardstick of the benchmark, and used by nothing else.
#pragma once
#include <span>

#include "sim/core/types.h"

namespace xs::x86 {

/// Calls the 64-bit function at `entry` with one argument; returns RAX. `memory` is all there is, from
/// address 0, its end the stack. Throws Error when the function does not return.
u64 call_on_bare_unicorn(std::span<u8> memory, u64 entry, u64 argument);

}  // namespace xs::x86
