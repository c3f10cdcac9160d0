#include "sim/cpu_ia64/float/compare.h"

#include "sim/cpu_ia64/float/operand.h"

namespace xs::ia64::fp {

namespace {
bool holds(Relation relation, const Operand& a, const Operand& b) {
  switch (relation) {
    case Relation::equal:
      return compare(a, b) == 0;
    case Relation::less:
      return compare(a, b) < 0;
    case Relation::less_equal:
      return compare(a, b) <= 0;
    case Relation::unordered:
      break;
  }
  return false;
}

bool first_selected(Selection selection, const Operand& a, const Operand& b) {
  switch (selection) {
    case Selection::minimum:
      return compare(a, b) < 0;
    case Selection::maximum:
      return compare(b, a) < 0;
    case Selection::magnitude_minimum:
      return compare_magnitude(a, b) < 0;
    case Selection::magnitude_maximum:
      break;
  }
  return compare_magnitude(b, a) < 0;
}
}  // namespace

Comparison fcmp(const Environment& env, Relation relation, Register f2, Register f3) {
  const Operand a = unpack(f2), b = unpack(f3);
  if (a.is_number() && b.is_number()) {
    const bool first = holds(relation, a, b);
    return {{first, !first}, check_unnormal(env, a.unnormal || b.unnormal)};
  }
  if (a.kind == Kind::nat || b.kind == Kind::nat) return {};
  const bool first = relation == Relation::unordered;
  const bool ordering = relation == Relation::less || relation == Relation::less_equal;
  const auto offends = [&](const Operand& x) {
    return x.kind == Kind::unsupported || x.kind == Kind::signaling || (ordering && x.kind == Kind::quiet);
  };
  return {{first, !first}, offends(a) || offends(b) ? raise(env, exception::invalid) : Outcome{}};
}

Result select(const Environment& env, Selection selection, Register f2, Register f3) {
  const Operand a = unpack(f2), b = unpack(f3);
  if (a.is_number() && b.is_number())
    return {first_selected(selection, a, b) ? f2 : f3, check_unnormal(env, a.unnormal || b.unnormal)};
  if (a.kind == Kind::nat || b.kind == Kind::nat) return {nat_value, {}};
  return {f3, raise(env, exception::invalid)};
}

}  // namespace xs::ia64::fp
