#include "sim/cpu_ia64/float/operand.h"

#include <algorithm>

namespace xs::ia64::fp {

Operand unpack_other(Register r) {
  Operand x{r.significand, static_cast<i32>(r.exponent()), Kind::zero, r.negative(), false};
  switch (classify(r)) {
    case Class::zero:
      return x;
    case Class::infinity:
      x.kind = Kind::infinity;
      return x;
    case Class::quiet:
      x.kind = Kind::quiet;
      return x;
    case Class::signaling:
      x.kind = Kind::signaling;
      return x;
    case Class::unsupported:
      x.kind = Kind::unsupported;
      return x;
    case Class::nat:
      x.kind = Kind::nat;
      return x;
    case Class::unnormal:
    case Class::normal:
      break;
  }
  x.unnormal = true;
  if (r.significand == 0) return x;
  const int leading = std::countl_zero(r.significand);
  x.kind = Kind::finite;
  x.significand <<= leading;
  x.exponent = (x.exponent == 0 ? exponent_extended_minimum : x.exponent) - leading;
  return x;
}

std::optional<Result> decide_without_arithmetic(const Environment& env,
                                                std::initializer_list<Operand> by_precedence) {
  const auto any = [&](Kind kind) {
    return std::any_of(by_precedence.begin(), by_precedence.end(),
                       [&](const Operand& x) { return x.kind == kind; });
  };
  if (any(Kind::nat)) return Result{nat_value, {}};
  if (any(Kind::unsupported)) return invalid(env);
  const Outcome outcome = any(Kind::signaling) ? raise(env, exception::invalid) : Outcome{};
  for (const Operand& x : by_precedence)
    if (x.is_nan())
      return Result{{x.significand | quiet_bit, sign_field(x.negative) | exponent_special}, outcome};
  return std::nullopt;
}

int compare_magnitude(const Operand& a, const Operand& b) {
  const auto weight = [](Kind kind) { return kind == Kind::zero ? 0 : kind == Kind::finite ? 1 : 2; };
  if (weight(a.kind) != weight(b.kind)) return weight(a.kind) - weight(b.kind);
  if (a.kind != Kind::finite) return 0;
  if (a.exponent != b.exponent) return a.exponent < b.exponent ? -1 : 1;
  return a.significand < b.significand ? -1 : a.significand > b.significand ? 1 : 0;
}

int compare(const Operand& a, const Operand& b) {
  if (a.kind == Kind::zero && b.kind == Kind::zero) return 0;
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  return a.negative ? compare_magnitude(b, a) : compare_magnitude(a, b);
}

}  // namespace xs::ia64::fp
