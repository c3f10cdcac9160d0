// Division and square root as IA-64 software does them: the published instruction sequences (Cornea-Hasegan,
// Golliver, Markstein: "Divide, square root and remainder algorithms for the IA-64 architecture"; the same
// that gcc's libgcc holds) run on this library must be correctly rounded, with the right flags.
#include <catch2/catch.hpp>

#include "sim/cpu_ia64/float/approximate.h"
#include "sim/cpu_ia64/float/fma.h"
#include "tests/unit/cpu_ia64/float/vectors.h"

namespace xs::ia64::fp::test {
namespace {

/// Runs instructions under one FPSR and gathers sf0's flags.
class Machine {
 public:
  explicit Machine(u64 fpsr) : fpsr_(fpsr) {}

  Register fma1(Register a, Register b, Register c, Completer pc = Completer::dynamic) {
    return multiply_add(environment(fpsr_, 1, pc), MultiplyAdd::add, a, b, c).value();
  }
  Register fnma1(Register a, Register b, Register c, Completer pc = Completer::dynamic) {
    return multiply_add(environment(fpsr_, 1, pc), MultiplyAdd::negate, a, b, c).value();
  }
  Register fmpy1(Register a, Register b, Completer pc = Completer::dynamic) {
    return multiply_add(environment(fpsr_, 1, pc), MultiplyAdd::add, a, b, std::nullopt).value();
  }
  Register fma0(Register a, Register b, std::optional<Register> c, Completer pc) {
    return note(multiply_add(environment(fpsr_, 0, pc), MultiplyAdd::add, a, b, c));
  }
  Approximation frcpa0(Register a, Register b) {
    return noted(frcpa(environment(fpsr_, 0, Completer::dynamic), a, b));
  }
  Approximation frsqrta0(Register a) { return noted(frsqrta(environment(fpsr_, 0, Completer::dynamic), a)); }
  u8 flags() const { return flags_; }

 private:
  Register note(const Result& r) {
    flags_ |= r.outcome.flags;
    return r.value();
  }
  Approximation noted(const Approximation& r) {
    flags_ |= r.outcome.flags;
    return r;
  }
  u64 fpsr_;
  u8 flags_ = 0;
};

Register divide_single(Machine& m, Register a, Register b) {
  const auto [y, approximate, outcome] = m.frcpa0(a, b);
  if (!approximate) return y;
  Register q = m.fmpy1(a, y), e = m.fnma1(b, y, one());
  q = m.fma1(e, q, q);
  e = m.fmpy1(e, e);
  q = m.fma1(e, q, q);
  e = m.fmpy1(e, e);
  q = m.fma1(e, q, q, Completer::real_double);
  return m.fma0(q, one(), std::nullopt, Completer::single);
}

Register divide_double(Machine& m, Register a, Register b) {
  auto [y, approximate, outcome] = m.frcpa0(a, b);
  if (!approximate) return y;
  Register q = m.fmpy1(a, y), e = m.fnma1(b, y, one());
  q = m.fma1(e, q, q);
  Register e2 = m.fmpy1(e, e);
  y = m.fma1(e, y, y);
  q = m.fma1(e2, q, q);
  const Register e4 = m.fmpy1(e2, e2);
  y = m.fma1(e2, y, y);
  q = m.fma1(e4, q, q, Completer::real_double);
  y = m.fma1(e4, y, y);
  const Register r = m.fnma1(b, q, a, Completer::real_double);
  return m.fma0(r, y, q, Completer::real_double);
}

Register divide_extended(Machine& m, Register a, Register b) {
  auto [y, approximate, outcome] = m.frcpa0(a, b);
  if (!approximate) return y;
  const Register e = m.fnma1(b, y, one()), q = m.fmpy1(a, y);
  const Register e2 = m.fmpy1(e, e), sum = m.fma1(e, e, e);
  const Register e4 = m.fma1(e2, e2, e);
  y = m.fma1(m.fma1(sum, y, y), e4, y);
  const Register q1 = m.fma1(m.fnma1(b, q, a), y, q);
  y = m.fma1(m.fnma1(b, y, one()), y, y);
  return m.fma0(m.fnma1(b, q1, a), y, q1, Completer::dynamic);
}

constexpr Register half{u64{1} << 63, 0xfffe}, three_eighths{u64{3} << 62, 0xfffd};

Register root_single(Machine& m, Register b) {
  const auto [y, approximate, outcome] = m.frsqrta0(b);
  if (!approximate) return y;
  const Register g = m.fmpy1(b, y);
  const Register e = m.fnma1(g, y, one());
  const Register y1 = m.fma1(m.fmpy1(y, e), m.fma1(three_eighths, e, half), y);
  const Register g1 = m.fmpy1(b, y1, Completer::single);
  return m.fma0(m.fnma1(g1, g1, b), m.fmpy1(half, y1), g1, Completer::single);
}

/// Two steps of the coupled iteration for g = sqrt(b) and h = 1 / (2 sqrt(b)), and one correction of g.
struct Coupled {
  Register g, h;
};
Coupled iterate_root(Machine& m, Register b, Register y) {
  Register g = m.fmpy1(b, y), h = m.fmpy1(half, y);
  for (int i = 0; i < 2; ++i) {
    const Register r = m.fnma1(g, h, half);
    g = m.fma1(g, r, g);
    h = m.fma1(h, r, h);
  }
  return {g, h};
}

Register root_double(Machine& m, Register b) {
  const auto [y, approximate, outcome] = m.frsqrta0(b);
  if (!approximate) return y;
  const auto [g, h] = iterate_root(m, b, y);
  const Register g3 = m.fma1(m.fnma1(g, g, b), h, g);
  return m.fma0(m.fnma1(g3, g3, b), h, g3, Completer::real_double);
}

Register root_extended(Machine& m, Register b) {
  const auto [y, approximate, outcome] = m.frsqrta0(b);
  if (!approximate) return y;
  const auto [g, h] = iterate_root(m, b, y);
  const Register g3 = m.fma1(m.fnma1(g, g, b), h, g);
  const Register h3 = m.fma1(m.fnma1(g, h, half), h, h);
  return m.fma0(m.fnma1(g3, g3, b), h3, g3, Completer::dynamic);
}

/// A finite non-zero number of the format, now and then denormal, as a load delivers it.
Register loaded(Random& random, Completer format) {
  const u64 significand = hard_significand(random);
  const u64 sign = u64{random.one_in(2)};
  const u64 exponent = random.one_in(4) ? random.below(3) : random.next();
  if (format == Completer::single)
    return from_single(
        static_cast<u32>(sign << 31 | exponent % 255 << 23 | (significand >> 40 & 0x7f'ffff) | 1));
  if (format == Completer::real_double)
    return from_double(sign << 63 | exponent % 2047 << 52 | (significand >> 11 & 0xf'ffff'ffff'ffff) | 1);
  const u64 field = exponent % 32767;
  return from_extended(field == 0 ? significand >> (1 + random.below(63)) : significand,
                       static_cast<u16>(sign << 15 | field));
}

using Divide = Register (*)(Machine&, Register, Register);
using Root = Register (*)(Machine&, Register);

Setting standard(unsigned rc, Completer format) { return {default_fpsr | u64{rc} << 10, 0, format}; }

void check_quotients(u64 seed, Completer format, Divide divide, int count) {
  Random random(seed);
  for (int i = 0; i < count; ++i) {
    const Setting setting = standard(static_cast<unsigned>(i) & 3, format);
    const Register a = loaded(random, format);
    const Register b = random.one_in(4) ? Register{a.significand, loaded(random, format).sign_exponent | 1}
                                        : loaded(random, format);
    Machine machine(setting.fpsr);
    const Register got = divide(machine, a, b);
    const Result want = compute(Operation::divide, a, b, zero(), setting.rules());
    const u8 unnormal = is_unnormal(a) || is_unnormal(b) ? exception::denormal : u8{0};
    if (got == want.value() &&
        (machine.flags() | exception::denormal) == (want.outcome.flags | exception::denormal) &&
        (machine.flags() & unnormal) == unnormal)
      continue;
    INFO(a << " / " << b << ' ' << describe(setting));
    CHECK(int{machine.flags()} == int{want.outcome.flags});
    REQUIRE(got == want.value());
    FAIL("flags");
  }
  SUCCEED();
}

void check_roots(u64 seed, Completer format, Root root, int count) {
  Random random(seed);
  for (int i = 0; i < count; ++i) {
    const Setting setting = standard(static_cast<unsigned>(i) & 3, format);
    Register a = loaded(random, format);
    a.sign_exponent &= exponent_mask;
    Machine machine(setting.fpsr);
    const Register got = root(machine, a);
    const Result want = compute(Operation::square_root, a, zero(), zero(), setting.rules());
    if (got == want.value() && (machine.flags() & ~exception::denormal) == want.outcome.flags) continue;
    INFO("sqrt " << a << ' ' << describe(setting));
    CHECK(int{machine.flags()} == int{want.outcome.flags});
    REQUIRE(got == want.value());
    FAIL("flags");
  }
  SUCCEED();
}

TEST_CASE("single quotients are correctly rounded", "[ia64][float]") {
  check_quotients(51, Completer::single, divide_single, vectors(200'000));
}
TEST_CASE("double quotients are correctly rounded", "[ia64][float]") {
  check_quotients(52, Completer::real_double, divide_double, vectors(200'000));
}
TEST_CASE("double-extended quotients are correctly rounded", "[ia64][float]") {
  check_quotients(53, Completer::dynamic, divide_extended, vectors(200'000));
}
TEST_CASE("single square roots are correctly rounded", "[ia64][float]") {
  check_roots(54, Completer::single, root_single, vectors(200'000));
}
TEST_CASE("double square roots are correctly rounded", "[ia64][float]") {
  check_roots(55, Completer::real_double, root_double, vectors(200'000));
}
TEST_CASE("double-extended square roots are correctly rounded", "[ia64][float]") {
  check_roots(56, Completer::dynamic, root_extended, vectors(200'000));
}

}  // namespace
}  // namespace xs::ia64::fp::test
