#include "sim/cpu_ia64/float/register.h"

namespace xs::ia64::fp {

namespace {
Class classify_special(u64 significand) {
  if ((significand & integer_bit) == 0) return Class::unsupported;
  if (significand == integer_bit) return Class::infinity;
  return (significand & quiet_bit) != 0 ? Class::quiet : Class::signaling;
}

bool kind_asked(Class kind, u32 test) {
  switch (kind) {
    case Class::zero:
      return (test & class_test::zero) != 0;
    case Class::unnormal:
      return (test & class_test::unnormal) != 0;
    case Class::normal:
      return (test & class_test::normal) != 0;
    case Class::infinity:
      return (test & class_test::infinity) != 0;
    default:
      return false;
  }
}
}  // namespace

// SDM vol. 1, table 5-2. Pseudo-zeros count as unnormalized numbers, not as zeros (5.1.3).
Class classify(Register r) {
  const u32 exponent = r.exponent();
  if (exponent == exponent_special) return classify_special(r.significand);
  if (exponent == 0) return r.significand == 0 ? Class::zero : Class::unnormal;
  if ((r.significand & integer_bit) != 0) return Class::normal;
  return is_nat(r) ? Class::nat : Class::unnormal;
}

Predicates fclass(Register r, u32 test) {
  const Class kind = classify(r);
  if (kind == Class::nat && (test & class_test::nat) == 0) return {};
  bool member = false;
  if (kind == Class::nat) {
    member = true;
  } else if (kind == Class::quiet) {
    member = (test & class_test::quiet) != 0;
  } else if (kind == Class::signaling) {
    member = (test & class_test::signaling) != 0;
  } else {
    const u32 sign = r.negative() ? class_test::negative : class_test::positive;
    member = (test & sign) != 0 && kind_asked(kind, test);
  }
  return {member, !member};
}

}  // namespace xs::ia64::fp
