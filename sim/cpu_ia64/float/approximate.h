// Starting values of software division and square root: frcpa, frsqrta and one half of fprcpa, fprsqrta (SDM
// vol. 3).
#pragma once
#include "sim/cpu_ia64/float/status.h"

namespace xs::ia64::fp {

struct Approximation {
  Register value;
  bool predicate = false;  ///< p2: software refines the value; else it is the final result
  Outcome outcome;
};
struct PairApproximation {
  Register value;
  bool predicate = false;
  PairOutcome outcome;
};

/// frcpa: an approximation of 1 / f3 (relative error below 2^-8.886), or the quotient f2 / f3 itself when
/// operands are special or lie where the iteration would leave the register's range. There hardware asks for
/// software assistance, whose answer this is: the quotient as sf rounds it.
Approximation frcpa(const Environment& env, Register f2, Register f3);

/// frsqrta: an approximation of 1 / sqrt(f3) (relative error below 2^-8.831), or sqrt(f3) itself likewise.
Approximation frsqrta(const Environment& env, Register f3);

/// One half of fprcpa and fprsqrta; operands and result are singles. There is no software assistance: where
/// the iteration is not safe the predicate is clear, and software divides the halves one by one.
Approximation reciprocal_half(const Environment& env, Register f2, Register f3);
Approximation reciprocal_root_half(const Environment& env, Register f3);

/// The tables' entries: 11 bits, the highest set (SDM vol. 3, frcpa and frsqrta: RECIP_TABLE,
/// RECIP_SQRT_TABLE).
u32 reciprocal_entry(unsigned index);
u32 reciprocal_root_entry(unsigned index);

}  // namespace xs::ia64::fp
