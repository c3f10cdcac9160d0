// The floating-point unit: formats F1 to F13 (SDM vol. 3). What is computed stands in float/; here are
// operands, status field, exceptions and predicates. Whether registers are disabled was decided by decoding.
//
//     fault   nothing is written, not even a flag
//     trap    result, predicates and flags are written; the instruction has completed (Interruption::trap)
#include "sim/cpu_ia64/exec/dispatch.h"
#include "sim/cpu_ia64/exec/operands.h"
#include "sim/cpu_ia64/float/integer.h"
#include "sim/cpu_ia64/float/parallel.h"

namespace xs::ia64 {
namespace {

using fp::Completer;
using fp::IntegerMultiply;
using fp::IntegerType;
using fp::Logical;
using fp::Merge;
using fp::Mix;
using fp::MultiplyAdd;
using fp::Relation;
using fp::Selection;
using fp::Swap;

// One operation or a parallel one: the same questions.
bool faults(const fp::Outcome& o) { return o.fault != 0; }
bool faults(const fp::PairOutcome& o) { return o.faults(); }
bool traps(const fp::Outcome& o) { return o.trap != 0; }
bool traps(const fp::PairOutcome& o) { return o.traps(); }
u8 flags(const fp::Outcome& o) { return o.flags; }
u8 flags(const fp::PairOutcome& o) { return o.flags(); }
fp::Register value(const fp::Result& result) { return result.value(); }
fp::Register value(const fp::PairResult& result) { return result.value; }

unsigned status_field(const Slot& s) { return static_cast<unsigned>(s.imm); }
fp::Environment environment(const Processor& p, const Slot& s, Completer completer) {
  return fp::environment(p.r.fpsr, status_field(s), completer);
}

template <class Outcome>
bool fault(Processor& p, const Outcome& outcome) {
  return p.refuse({.vector = Vector::fp_fault, .isr = fp::fault_code(outcome)});
}
/// The end of what has not faulted: all results are written.
template <class Outcome>
bool note(Processor& p, const Slot& s, const Outcome& outcome) {
  p.r.fpsr = fp::add_flags(p.r.fpsr, status_field(s), flags(outcome));
  if (!traps(outcome)) [[likely]]
    return true;
  return p.refuse(
      {.vector = Vector::fp_trap, .isr = fp::trap_code(outcome), .manner = Manner::trap, .slot = s.ri});
}
template <class Result>
bool finish(Processor& p, const Slot& s, const Result& result) {
  if (faults(result.outcome)) [[unlikely]]
    return fault(p, result.outcome);
  write_fr(p, s.r1, value(result));
  return note(p, s, result.outcome);
}

/// f0 as f2: nothing is added.
std::optional<fp::Register> addend(const Processor& p, const Slot& s) {
  if (s.r2 == 0) return std::nullopt;
  return p.r.fr[s.r2];
}
template <MultiplyAdd kind, Completer completer>
bool multiply_add(Processor& p, const Slot& s) {
  const fp::Environment env = environment(p, s, completer);
  if constexpr (completer == Completer::parallel)
    return finish(p, s, fp::parallel_multiply_add(env, kind, p.r.fr[s.r3], p.r.fr[s.r4], addend(p, s)));
  else
    return finish(p, s, fp::multiply_add(env, kind, p.r.fr[s.r3], p.r.fr[s.r4], addend(p, s)));
}
template <Selection selection>
bool select(Processor& p, const Slot& s) {
  return finish(p, s,
                fp::select(environment(p, s, Completer::dynamic), selection, p.r.fr[s.r2], p.r.fr[s.r3]));
}
template <Selection selection>
bool parallel_select(Processor& p, const Slot& s) {
  const fp::Environment env = environment(p, s, Completer::parallel);
  return finish(p, s, fp::parallel_select(env, selection, p.r.fr[s.r2], p.r.fr[s.r3]));
}
template <Relation relation, bool negated>
bool fpcmp(Processor& p, const Slot& s) {
  const fp::Environment env = environment(p, s, Completer::parallel);
  return finish(p, s, fp::fpcmp(env, relation, negated, p.r.fr[s.r2], p.r.fr[s.r3]));
}

enum class Rounded : bool { as_sf_says, toward_zero };
template <Rounded rounded>
fp::Environment environment(const Processor& p, const Slot& s, Completer completer) {
  const fp::Environment env = environment(p, s, completer);
  return rounded == Rounded::toward_zero ? fp::truncating(env) : env;
}
template <IntegerType type, Rounded rounded>
bool to_integer(Processor& p, const Slot& s) {
  const fp::Environment env = environment<rounded>(p, s, Completer::dynamic);
  return finish(p, s, fp::fcvt_to_integer(env, type, p.r.fr[s.r2]));
}
template <IntegerType type, Rounded rounded>
bool parallel_to_integer(Processor& p, const Slot& s) {
  const fp::Environment env = environment<rounded>(p, s, Completer::parallel);
  return finish(p, s, fp::parallel_to_integer(env, type, p.r.fr[s.r2]));
}

// Predicates.

void write_targets(Processor& p, const Slot& s, fp::Predicates to) {
  if (to.first == to.second) return clear_prs(p, s);  // a NaTVal
  write_prs(p, s, to.first);
}
template <Relation relation>
bool fcmp(Processor& p, const Slot& s) {
  const fp::Environment env = environment(p, s, Completer::dynamic);
  const fp::Comparison c = fp::fcmp(env, relation, p.r.fr[s.r2], p.r.fr[s.r3]);
  if (faults(c.outcome)) [[unlikely]]
    return fault(p, c.outcome);
  write_targets(p, s, c.predicates);
  return note(p, s, c.outcome);
}
bool fclass(Processor& p, const Slot& s) {
  write_targets(p, s, fp::fclass(p.r.fr[s.r2], static_cast<u32>(s.imm)));
  return true;
}
template <auto f>
bool unconditional(Processor& p, const Slot& s) {
  if (predicated_on(p, s)) return f(p, s);
  clear_prs(p, s);
  return true;
}

/// frcpa and the like: p2 is cleared when PR[qp] is 0, f1 stays.
template <class Approximation>
bool approximated(Processor& p, const Slot& s, const Approximation& a) {
  if (faults(a.outcome)) [[unlikely]]
    return fault(p, a.outcome);
  write_pr(p, s.r4, a.predicate);
  write_fr(p, s.r1, a.value);
  return note(p, s, a.outcome);
}
template <auto f, Completer completer>
bool reciprocal(Processor& p, const Slot& s) {
  if (predicated_on(p, s))
    return approximated(p, s, f(environment(p, s, completer), p.r.fr[s.r2], p.r.fr[s.r3]));
  write_pr(p, s.r4, false);
  return true;
}
template <auto f, Completer completer>
bool reciprocal_root(Processor& p, const Slot& s) {
  if (predicated_on(p, s)) return approximated(p, s, f(environment(p, s, completer), p.r.fr[s.r3]));
  write_pr(p, s.r4, false);
  return true;
}

// Bits alone, no exceptions.

template <auto f, auto kind>
void combine(Processor& p, const Slot& s) {
  write_fr(p, s.r1, f(kind, p.r.fr[s.r2], p.r.fr[s.r3]));
}
template <IntegerMultiply part>
void xma(Processor& p, const Slot& s) {
  write_fr(p, s.r1, fp::xma(part, p.r.fr[s.r3], p.r.fr[s.r4], p.r.fr[s.r2]));
}
void fselect(Processor& p, const Slot& s) {
  write_fr(p, s.r1, fp::fselect(p.r.fr[s.r3], p.r.fr[s.r4], p.r.fr[s.r2]));
}
void fpack(Processor& p, const Slot& s) { write_fr(p, s.r1, fp::fpack(p.r.fr[s.r2], p.r.fr[s.r3])); }
void fcvt_xf(Processor& p, const Slot& s) { write_fr(p, s.r1, fp::fcvt_xf(p.r.fr[s.r2])); }

// FPSR.

bool fsetc(Processor& p, const Slot& s) {
  const std::optional<u64> changed = fp::fsetc(p.r.fpsr, status_field(s), s.x, s.y);
  if (!changed) return p.reserved_register();
  p.r.fpsr = *changed;
  return true;
}
void fclrf(Processor& p, const Slot& s) { p.r.fpsr = fp::fclrf(p.r.fpsr, status_field(s)); }

template <MultiplyAdd kind>
void add_multiply(Handlers& h, Op op, Op single, Op real_double, Op parallel) {
  h.set(op, step<multiply_add<kind, Completer::dynamic>>);
  h.set(single, step<multiply_add<kind, Completer::single>>);
  h.set(real_double, step<multiply_add<kind, Completer::real_double>>);
  h.set(parallel, step<multiply_add<kind, Completer::parallel>>);
}
template <Selection selection>
void add_select(Handlers& h, Op op, Op parallel) {
  h.set(op, step<select<selection>>);
  h.set(parallel, step<parallel_select<selection>>);
}
template <Relation relation>
void add_relation(Handlers& h, Op op, Op unc, Op parallel, Op negated) {
  h.set(op, step<fcmp<relation>>);
  h.set(unc, step<unconditional<fcmp<relation>>>);
  h.set(parallel, step<fpcmp<relation, false>>);
  h.set(negated, step<fpcmp<relation, true>>);
}
template <IntegerType type, Rounded rounded>
void add_conversion(Handlers& h, Op op, Op parallel) {
  h.set(op, step<to_integer<type, rounded>>);
  h.set(parallel, step<parallel_to_integer<type, rounded>>);
}

void add_arithmetic(Handlers& h) {
  add_multiply<MultiplyAdd::add>(h, Op::fma, Op::fma_s, Op::fma_d, Op::fpma);
  add_multiply<MultiplyAdd::subtract>(h, Op::fms, Op::fms_s, Op::fms_d, Op::fpms);
  add_multiply<MultiplyAdd::negate>(h, Op::fnma, Op::fnma_s, Op::fnma_d, Op::fpnma);
  add_select<Selection::minimum>(h, Op::fmin, Op::fpmin);
  add_select<Selection::maximum>(h, Op::fmax, Op::fpmax);
  add_select<Selection::magnitude_minimum>(h, Op::famin, Op::fpamin);
  add_select<Selection::magnitude_maximum>(h, Op::famax, Op::fpamax);
  add_relation<Relation::equal>(h, Op::fcmp_eq, Op::fcmp_eq_unc, Op::fpcmp_eq, Op::fpcmp_neq);
  add_relation<Relation::less>(h, Op::fcmp_lt, Op::fcmp_lt_unc, Op::fpcmp_lt, Op::fpcmp_nlt);
  add_relation<Relation::less_equal>(h, Op::fcmp_le, Op::fcmp_le_unc, Op::fpcmp_le, Op::fpcmp_nle);
  add_relation<Relation::unordered>(h, Op::fcmp_unord, Op::fcmp_unord_unc, Op::fpcmp_unord, Op::fpcmp_ord);
  add_conversion<IntegerType::signed_integer, Rounded::as_sf_says>(h, Op::fcvt_fx, Op::fpcvt_fx);
  add_conversion<IntegerType::unsigned_integer, Rounded::as_sf_says>(h, Op::fcvt_fxu, Op::fpcvt_fxu);
  add_conversion<IntegerType::signed_integer, Rounded::toward_zero>(h, Op::fcvt_fx_trunc, Op::fpcvt_fx_trunc);
  add_conversion<IntegerType::unsigned_integer, Rounded::toward_zero>(h, Op::fcvt_fxu_trunc,
                                                                      Op::fpcvt_fxu_trunc);
  h.set(Op::fclass_m, step<fclass>);
  h.set(Op::fclass_m_unc, step<unconditional<fclass>>);
  h.set(Op::frcpa, step<reciprocal<fp::frcpa, Completer::dynamic>>);
  h.set(Op::fprcpa, step<reciprocal<fp::fprcpa, Completer::parallel>>);
  h.set(Op::frsqrta, step<reciprocal_root<fp::frsqrta, Completer::dynamic>>);
  h.set(Op::fprsqrta, step<reciprocal_root<fp::fprsqrta, Completer::parallel>>);
}

void add_bits(Handlers& h) {
  h.set(Op::fmerge_s, step<combine<fp::fmerge, Merge::sign>>);
  h.set(Op::fmerge_ns, step<combine<fp::fmerge, Merge::negated_sign>>);
  h.set(Op::fmerge_se, step<combine<fp::fmerge, Merge::sign_exponent>>);
  h.set(Op::fpmerge_s, step<combine<fp::fpmerge, Merge::sign>>);
  h.set(Op::fpmerge_ns, step<combine<fp::fpmerge, Merge::negated_sign>>);
  h.set(Op::fpmerge_se, step<combine<fp::fpmerge, Merge::sign_exponent>>);
  h.set(Op::fmix_l, step<combine<fp::fmix, Mix::left>>);
  h.set(Op::fmix_r, step<combine<fp::fmix, Mix::right>>);
  h.set(Op::fmix_lr, step<combine<fp::fmix, Mix::left_right>>);
  h.set(Op::fsxt_l, step<combine<fp::fsxt, fp::Half::left>>);
  h.set(Op::fsxt_r, step<combine<fp::fsxt, fp::Half::right>>);
  h.set(Op::fswap, step<combine<fp::fswap, Swap::plain>>);
  h.set(Op::fswap_nl, step<combine<fp::fswap, Swap::negate_left>>);
  h.set(Op::fswap_nr, step<combine<fp::fswap, Swap::negate_right>>);
  h.set(Op::fand, step<combine<fp::flogical, Logical::conjunction>>);
  h.set(Op::fandcm, step<combine<fp::flogical, Logical::and_complement>>);
  h.set(Op::for_, step<combine<fp::flogical, Logical::disjunction>>);
  h.set(Op::fxor, step<combine<fp::flogical, Logical::exclusive>>);
  h.set(Op::xma_l, step<xma<IntegerMultiply::low>>);
  h.set(Op::xma_h, step<xma<IntegerMultiply::high>>);
  h.set(Op::xma_hu, step<xma<IntegerMultiply::high_unsigned>>);
  h.set(Op::fselect, step<fselect>);
  h.set(Op::fpack, step<fpack>);
  h.set(Op::fcvt_xf, step<fcvt_xf>);
}

}  // namespace

void add_float(Handlers& h) {
  add_arithmetic(h);
  add_bits(h);
  h.set(Op::fsetc, step<fsetc>);
  h.set(Op::fclrf, step<fclrf>);
}

}  // namespace xs::ia64
