// Seeded operands and controls, biased to what arithmetic gets wrong: halfway cases, cancellation, and
// exponents at the edges of every range.
#pragma once
#include <ostream>
#include <string>

#include "tests/unit/cpu_ia64/float/reference.h"

namespace xs::ia64::fp {
std::ostream& operator<<(std::ostream& out, const Register& r);
std::ostream& operator<<(std::ostream& out, const Outcome& o);
}  // namespace xs::ia64::fp

namespace xs::ia64::fp::test {

/// Vectors of a test: fewer where each costs more.
constexpr int vectors(int release) {
#ifdef __SANITIZE_ADDRESS__
  return release / 20;
#else
  return release;
#endif
}

class Random {
 public:
  explicit Random(u64 seed) : state_(seed) {}
  u64 next();  ///< splitmix64
  u32 below(u32 limit) { return static_cast<u32>(next() % limit); }
  bool one_in(u32 n) { return below(n) == 0; }

 private:
  u64 state_;
};

/// Integer bit set; often few bits, long runs of ones, or a tie of one of the precisions and its neighbours.
u64 hard_significand(Random& random);
/// Unbiased, near 0 or near an end of the range from emin to emax.
int hard_exponent(Random& random, int emin, int emax);
Register normal(u64 significand, int exponent, bool negative);
/// Any finite number, now and then unnormal, denormal or zero.
Register finite(Random& random, int emin, int emax);

Setting random_setting(Random& random, Completer completer);

/// Operands of f3 * f4 + f2.
struct Triple {
  Register f3, f4, f2;
};
Triple hard_triple(Random& random, const Rules& rules);

std::string describe(const Setting& setting);

}  // namespace xs::ia64::fp::test
