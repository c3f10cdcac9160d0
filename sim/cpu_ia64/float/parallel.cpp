#include "sim/cpu_ia64/float/parallel.h"

namespace xs::ia64::fp {

namespace {
Register left_of(Register r) { return from_single(static_cast<u32>(r.significand >> 32)); }
Register right_of(Register r) { return from_single(static_cast<u32>(r.significand)); }
Register pair(u32 left, u32 right) { return integer(u64{left} << 32 | right); }

PairResult join(const Result& left, const Result& right) {
  return {pair(to_single(left.value()), to_single(right.value())), {left.outcome, right.outcome}};
}
PairApproximation join(const Approximation& left, const Approximation& right) {
  return {pair(to_single(left.value), to_single(right.value)),
          left.predicate && right.predicate,
          {left.outcome, right.outcome}};
}
std::optional<Register> half_of(const std::optional<Register>& r, Register (*half)(Register)) {
  return r ? std::optional(half(*r)) : std::nullopt;
}
}  // namespace

PairResult parallel_multiply_add(const Environment& env, MultiplyAdd kind, Register f3, Register f4,
                                 std::optional<Register> f2) {
  if (is_nat(f3) || is_nat(f4) || (f2 && is_nat(*f2))) return {nat_value, {}};
  return join(multiply_add(env, kind, left_of(f3), left_of(f4), half_of(f2, left_of)),
              multiply_add(env, kind, right_of(f3), right_of(f4), half_of(f2, right_of)));
}

PairResult parallel_select(const Environment& env, Selection selection, Register f2, Register f3) {
  if (is_nat(f2) || is_nat(f3)) return {nat_value, {}};
  return join(select(env, selection, left_of(f2), left_of(f3)),
              select(env, selection, right_of(f2), right_of(f3)));
}

PairResult fpcmp(const Environment& env, Relation relation, bool negated, Register f2, Register f3) {
  if (is_nat(f2) || is_nat(f3)) return {nat_value, {}};
  const Comparison left = fcmp(env, relation, left_of(f2), left_of(f3));
  const Comparison right = fcmp(env, relation, right_of(f2), right_of(f3));
  const auto mask = [&](const Comparison& c) { return c.predicates.first != negated ? ~0u : 0; };
  return {pair(mask(left), mask(right)), {left.outcome, right.outcome}};
}

PairResult parallel_to_integer(const Environment& env, IntegerType type, Register f2) {
  if (is_nat(f2)) return {nat_value, {}};
  const ConvertedHalf left = convert_half(env, type, left_of(f2));
  const ConvertedHalf right = convert_half(env, type, right_of(f2));
  return {pair(left.value, right.value), {left.outcome, right.outcome}};
}

PairApproximation fprcpa(const Environment& env, Register f2, Register f3) {
  if (is_nat(f2) || is_nat(f3)) return {nat_value, false, {}};
  return join(reciprocal_half(env, left_of(f2), left_of(f3)),
              reciprocal_half(env, right_of(f2), right_of(f3)));
}

PairApproximation fprsqrta(const Environment& env, Register f3) {
  if (is_nat(f3)) return {nat_value, false, {}};
  return join(reciprocal_root_half(env, left_of(f3)), reciprocal_root_half(env, right_of(f3)));
}

}  // namespace xs::ia64::fp
