// Instructions that move and combine bits of floating-point registers, and integer multiply-add (SDM vol. 3).
// They raise no exception; any NaTVal among the operands gives NaTVal.
#pragma once
#include "sim/cpu_ia64/float/register.h"

namespace xs::ia64::fp {

/// fmerge.s, .ns: f3 with f2's sign, as it is or inverted; .se: with f2's sign and exponent. fpmerge: each
/// half so.
enum class Merge : u8 { sign, negated_sign, sign_exponent };
Register fmerge(Merge merge, Register f2, Register f3);
Register fpmerge(Merge merge, Register f2, Register f3);

enum class Logical : u8 { conjunction, and_complement, disjunction, exclusive };  ///< fand, fandcm, for, fxor
Register flogical(Logical operation, Register f2, Register f3);
/// fselect: f3 where f2 has ones, f4 elsewhere.
Register fselect(Register f3, Register f4, Register f2);

/// fmix.l, .r: both left (high) or right halves; .lr: f2's left, f3's right. fsxt.l, .r: f2's sign, then f3's
/// half.
enum class Mix : u8 { left, right, left_right };
Register fmix(Mix mix, Register f2, Register f3);
enum class Half : u8 { left, right };
Register fsxt(Half half, Register f2, Register f3);
/// fswap; .nl and .nr invert the left or right sign of the result.
enum class Swap : u8 { plain, negate_left, negate_right };
Register fswap(Swap swap, Register f2, Register f3);
/// fpack: two values as singles.
Register fpack(Register f2, Register f3);

/// xma.l, .lu; .h; .hu: f3 * f4 + f2 on significands. f2 is unsigned in all forms.
enum class IntegerMultiply : u8 { low, high, high_unsigned };
Register xma(IntegerMultiply part, Register f3, Register f4, Register f2);

}  // namespace xs::ia64::fp
