// Quotient and square root, correctly rounded: what software assistance answers when frcpa or frsqrta cannot
// start an iteration. Internal.
#pragma once
#include "sim/cpu_ia64/float/operand.h"

namespace xs::ia64::fp {

/// a / b and sqrt(x) of finite numbers, x positive.
Result divide(const Environment& env, const Operand& a, const Operand& b);
Result square_root(const Environment& env, const Operand& x);

}  // namespace xs::ia64::fp
