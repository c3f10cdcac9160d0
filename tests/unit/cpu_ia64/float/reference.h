// The judge of the arithmetic: GNU MPFR computes the same operation with one correct rounding, and this file
// turns its answer into what the manual says an IA-64 processor delivers. Nothing of the library under test
// is used but names of bits.
#pragma once
#include <mpfr.h>

#include "sim/cpu_ia64/float/status.h"

namespace xs::ia64::fp::test {

/// A number with 64 bits of precision.
class Real {
 public:
  explicit Real(int precision = 64) { mpfr_init2(value_, precision); }
  explicit Real(Register finite_or_zero);
  Real(const Real&) = delete;
  Real& operator=(const Real&) = delete;
  ~Real() { mpfr_clear(value_); }
  mpfr_ptr get() { return value_; }

 private:
  mpfr_t value_;
};

/// How a result is to be delivered; exponents are those of normal numbers, unbiased.
struct Rules {
  int precision = 64;
  int emin = -65534, emax = 65535;
  mpfr_rnd_t rounding = MPFR_RNDN;
  u8 disabled = exception::all;
  bool flush_to_zero = false;
  bool wraps_as_single = false;
};

/// Status field controls, and the Rules that follow from them (SDM vol. 1, 5.2, written out).
struct Setting {
  u64 fpsr;
  unsigned sf;
  Completer completer;
  Environment environment() const { return fp::environment(fpsr, sf, completer); }
  Rules rules() const;
};

/// `x` is the exact result rounded to rules.precision with unbounded exponent, `ternary` MPFR's sign of the
/// error.
Result deliver(Real& x, int ternary, const Rules& rules);

enum class Operation : u8 {
  multiply,
  multiply_add,
  multiply_subtract,
  negated_multiply_add,
  divide,
  square_root
};
/// Operands are finite; c for the additions only.
Result compute(Operation operation, Register a, Register b, Register c, const Rules& rules);

bool is_unnormal(Register r);

}  // namespace xs::ia64::fp::test
