#include "tests/unit/cpu_ia64/float/reference.h"

namespace xs::ia64::fp::test {

Real::Real(Register r) {
  mpfr_init2(value_, 64);
  const long exponent = r.exponent() == 0 ? 0x0c001 : static_cast<long>(r.exponent());
  if (r.significand == 0)
    mpfr_set_zero(value_, 1);
  else
    mpfr_set_ui_2exp(value_, r.significand, exponent - 65535 - 63, MPFR_RNDN);
  mpfr_setsign(value_, value_, r.negative() ? 1 : 0, MPFR_RNDN);
}

Rules Setting::rules() const {
  const u32 field = static_cast<u32>(fpsr >> (6 + 13 * sf));
  const bool widest = (field >> 1 & 1) != 0;
  Rules rules;
  constexpr mpfr_rnd_t modes[] = {MPFR_RNDN, MPFR_RNDD, MPFR_RNDU, MPFR_RNDZ};
  rules.rounding = modes[field >> 4 & 3];
  rules.flush_to_zero = (field & 1) != 0;
  rules.disabled = (field >> 6 & 1) != 0 ? 63 : static_cast<u8>(fpsr & 63);
  rules.wraps_as_single = completer == Completer::parallel;
  const auto set = [&](int precision, int emax) {
    rules.precision = precision;
    if (widest && completer != Completer::parallel) emax = 65535;
    rules.emax = emax;
    rules.emin = 1 - emax;
  };
  if (completer == Completer::dynamic) {
    set((field >> 2 & 3) == 0 ? 24 : (field >> 2 & 3) == 2 ? 53 : 64, 16383);
  } else if (completer == Completer::real_double) {
    set(53, 1023);
  } else {
    set(24, 127);
  }
  return rules;
}

namespace {
struct WideRange {  // MPFR's own limits, far outside of anything computed here
  ~WideRange() {
    mpfr_set_emin(mpfr_get_emin_min());
    mpfr_set_emax(mpfr_get_emax_max());
  }
};

u64 significand_of(Real& x) { return *static_cast<mp_limb_t*>(mpfr_custom_get_significand(x.get())); }
int exponent_of(Real& x) { return static_cast<int>(mpfr_get_exp(x.get())) - 1; }

Register encode(Real& x, const Rules& rules) {
  const u32 sign = mpfr_signbit(x.get()) != 0 ? 1u << 17 : 0;
  if (mpfr_inf_p(x.get()) != 0) return {u64{1} << 63, sign | 0x1ffff};
  if (mpfr_zero_p(x.get()) != 0) return {0, sign};
  const int e = exponent_of(x);
  if (e >= rules.emin) return {significand_of(x), sign | static_cast<u32>(e + 65535)};
  const u32 field = rules.emin == -16382 ? 0 : static_cast<u32>(rules.emin + 65535);
  return {significand_of(x) >> (rules.emin - e), sign | field};
}

Result trapped(Real& x, bool inexact, bool up, u8 what, const Rules& rules) {
  const int e = exponent_of(x) + 65535;
  const int wrapped = rules.wraps_as_single ? ((e - 0xff80) & 0xff) + 0xff80 : e & 0x1ffff;
  const u32 sign = mpfr_signbit(x.get()) != 0 ? 1u << 17 : 0;
  const u8 flags = static_cast<u8>(what | (inexact ? 32 : 0));
  return {{significand_of(x), sign | static_cast<u32>(wrapped)}, {flags, 0, flags, up}};
}

Outcome inexact_outcome(u8 other, bool up, const Rules& rules) {
  return {static_cast<u8>(other | 32), 0, static_cast<u8>(32 & ~rules.disabled), up};
}

bool grew(Real& x, int ternary) { return ternary != 0 && (ternary > 0) != (mpfr_signbit(x.get()) != 0); }
}  // namespace

Result deliver(Real& x, int ternary, const Rules& rules) {
  const WideRange restore;
  const bool up = grew(x, ternary);
  if (mpfr_zero_p(x.get()) != 0) return {encode(x, rules), {}};
  if (exponent_of(x) > rules.emax) {
    if ((rules.disabled & 8) == 0) return trapped(x, ternary != 0, up, 8, rules);
    mpfr_set_emax(rules.emax + 1);
    ternary = mpfr_check_range(x.get(), ternary, rules.rounding);
    return {encode(x, rules), inexact_outcome(8, grew(x, ternary), rules)};
  }
  if (exponent_of(x) < rules.emin) {
    if ((rules.disabled & 16) == 0) return trapped(x, ternary != 0, up, 16, rules);
    if (rules.flush_to_zero) {
      mpfr_mul_ui(x.get(), x.get(), 0, MPFR_RNDN);
      return {encode(x, rules), inexact_outcome(16, false, rules)};
    }
    mpfr_set_emin(rules.emin - rules.precision + 2);
    ternary = mpfr_check_range(x.get(), ternary, rules.rounding);
    ternary = mpfr_subnormalize(x.get(), ternary, rules.rounding);
    return {encode(x, rules), ternary != 0 ? inexact_outcome(16, grew(x, ternary), rules) : Outcome{}};
  }
  return {encode(x, rules), ternary != 0 ? inexact_outcome(0, up, rules) : Outcome{}};
}

Result compute(Operation operation, Register ra, Register rb, Register rc, const Rules& rules) {
  Real a(ra), b(rb), c(rc), x(rules.precision);
  int ternary = 0;
  switch (operation) {
    case Operation::multiply:
      ternary = mpfr_mul(x.get(), a.get(), b.get(), rules.rounding);
      break;
    case Operation::negated_multiply_add:
      mpfr_neg(a.get(), a.get(), MPFR_RNDN);
      [[fallthrough]];
    case Operation::multiply_add:
      ternary = mpfr_fma(x.get(), a.get(), b.get(), c.get(), rules.rounding);
      break;
    case Operation::multiply_subtract:
      ternary = mpfr_fms(x.get(), a.get(), b.get(), c.get(), rules.rounding);
      break;
    case Operation::divide:
      ternary = mpfr_div(x.get(), a.get(), b.get(), rules.rounding);
      break;
    case Operation::square_root:
      ternary = mpfr_sqrt(x.get(), a.get(), rules.rounding);
      break;
  }
  return deliver(x, ternary, rules);
}

bool is_unnormal(Register r) {
  const u32 exponent = r.sign_exponent & 0x1ffff;
  if (exponent == 0) return r.significand != 0;
  return exponent != 0x1ffff && r.significand >> 63 == 0;
}

}  // namespace xs::ia64::fp::test
