// The multiply-add family: fma, fms, fnma, from which fadd, fsub, fmpy, fnorm and fcvt.xuf are made (SDM vol.
// 3).
#pragma once
#include <optional>

#include "sim/cpu_ia64/float/status.h"

namespace xs::ia64::fp {

enum class MultiplyAdd : u8 { add, subtract, negate };  ///< fma, fms, fnma

/// f3 * f4 + f2, f3 * f4 - f2, -(f3 * f4) + f2, rounded once. Pass no f2 when the instruction names f0: then
/// nothing is added, and a product of zero keeps its sign.
Result multiply_add(const Environment& env, MultiplyAdd kind, Register f3, Register f4,
                    std::optional<Register> f2);

}  // namespace xs::ia64::fp
