// Where our text and objdump's (binutils 2.40) differ on purpose.
#pragma once
#include <span>
#include <string_view>

#include "sim/cpu_ia64/isa/row.h"

namespace xs::test {

struct Difference {
  std::string_view formats;  ///< of the rows concerned, each followed by a space; "" when the slot has no row
  ia64::Pattern bits;        ///< what else must hold of the slot
  std::string_view ours, theirs;  ///< what the text begins with, on each side; "" is anything
  std::string_view reason;
};

std::span<const Difference> known_differences();

/// The entry that explains the two texts; null when none does.
const Difference* explain(const ia64::Row* row, u64 slot, std::string_view ours, std::string_view theirs);

}  // namespace xs::test
