// Which bits of a slot an encoding fixes, and to what. Written high:low as in the manual.
#pragma once
#include "sim/cpu_ia64/isa/bundle.h"

namespace xs::ia64 {

struct Pattern {
  u64 mask = 0, value = 0;

  constexpr bool matches(u64 slot) const { return (slot & mask) == value; }
};

/// Both sides must hold; they fix different bits.
constexpr Pattern operator|(Pattern a, Pattern b) { return {a.mask | b.mask, a.value | b.value}; }

constexpr Pattern bits(unsigned high, unsigned low, u64 value) {
  return {((u64{1} << (high - low + 1)) - 1) << low, value << low};
}
constexpr Pattern bit(unsigned at, u64 value) { return bits(at, at, value); }
constexpr Pattern major(u64 opcode) { return bits(40, 37, opcode); }

}  // namespace xs::ia64
