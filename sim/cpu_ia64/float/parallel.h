// Parallel arithmetic: a significand holds two singles, left (high) and right (low), that are computed apart
// (SDM vol. 3, fpma and the others). `env` is environment(fpsr, sf, Completer::parallel). A NaTVal operand
// gives NaTVal and no exception.
#pragma once
#include "sim/cpu_ia64/float/approximate.h"
#include "sim/cpu_ia64/float/compare.h"
#include "sim/cpu_ia64/float/convert.h"
#include "sim/cpu_ia64/float/fma.h"

namespace xs::ia64::fp {

/// fpma, fpms, fpnma; f2 as in multiply_add.
PairResult parallel_multiply_add(const Environment& env, MultiplyAdd kind, Register f3, Register f4,
                                 std::optional<Register> f2);
/// fpmin, fpmax, fpamin, fpamax
PairResult parallel_select(const Environment& env, Selection selection, Register f2, Register f3);
/// fpcmp: a half is all ones where the relation (or, negated, its opposite: neq, nlt, nle, ord) holds, else
/// zero.
PairResult fpcmp(const Environment& env, Relation relation, bool negated, Register f2, Register f3);
/// fpcvt.fx, fpcvt.fxu
PairResult parallel_to_integer(const Environment& env, IntegerType type, Register f2);
/// The predicate is set when it is for both halves.
PairApproximation fprcpa(const Environment& env, Register f2, Register f3);
PairApproximation fprsqrta(const Environment& env, Register f3);

}  // namespace xs::ia64::fp
