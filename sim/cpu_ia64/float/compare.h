// Comparisons and selections: fcmp, fmin, fmax, famin, famax (SDM vol. 3).
#pragma once
#include "sim/cpu_ia64/float/status.h"

namespace xs::ia64::fp {

/// The relations that have an encoding; the others swap operands or predicates.
enum class Relation : u8 { equal, less, less_equal, unordered };

struct Comparison {
  Predicates predicates;  ///< both clear for a NaTVal
  Outcome outcome;
};
/// equal and unordered accept quiet NaNs, less and less_equal do not.
Comparison fcmp(const Environment& env, Relation relation, Register f2, Register f3);

enum class Selection : u8 { minimum, maximum, magnitude_minimum, magnitude_maximum };

/// fmin, fmax, famin, famax: one operand, unchanged. f3 when they are equal, and (invalid operation) for a
/// NaN.
Result select(const Environment& env, Selection selection, Register f2, Register f3);

}  // namespace xs::ia64::fp
