// AR.FPSR: fields, fsetc, fclrf, fchkf, reserved values, and ISR.code (SDM vol. 1, 5.2; vol. 2, 8.3; vol. 3).
#include "sim/cpu_ia64/float/status.h"

#include <catch2/catch.hpp>

#include "tests/unit/cpu_ia64/float/vectors.h"

namespace xs::ia64::fp::test {
namespace {

TEST_CASE("the default FPSR", "[ia64][float]") {
  CHECK_FALSE(is_reserved(default_fpsr));
  CHECK((default_fpsr & 63) == 63);
  CHECK(controls(default_fpsr, 0) == 0x0c);
  CHECK(controls(default_fpsr, 1) == 0x4e);
  CHECK(controls(default_fpsr, 2) == 0x4c);
  CHECK(controls(default_fpsr, 3) == 0x4c);
  for (unsigned sf = 0; sf < 4; ++sf) CHECK(flags(default_fpsr, sf) == 0);
}

TEST_CASE("reserved values", "[ia64][float]") {
  for (unsigned bit = 58; bit < 64; ++bit) CHECK(is_reserved(default_fpsr | u64{1} << bit));
  for (unsigned sf = 0; sf < 4; ++sf) {
    const u64 without_pc = default_fpsr & ~(u64{0x0c} << field_shift(sf));
    CHECK_FALSE(is_reserved(without_pc));
    CHECK(is_reserved(without_pc | u64{0x04} << field_shift(sf)));
    CHECK_FALSE(is_reserved(without_pc | u64{0x08} << field_shift(sf)));
    CHECK(is_reserved(default_fpsr | u64{0x40} << field_shift(sf)) == (sf == 0));
    CHECK_FALSE(is_reserved(add_flags(default_fpsr, sf, 63)));
  }
}

TEST_CASE("fsetc starts from sf0", "[ia64][float]") {
  const u64 fpsr = add_flags(default_fpsr, 2, 0x15) | u64{2} << 10;  // sf0: rounding up
  const auto set = fsetc(fpsr, 2, 0x7c, 0x41);
  REQUIRE(set);
  CHECK(controls(*set, 2) == (0x2cu | 0x41u));
  CHECK(flags(*set, 2) == 0x15);
  CHECK((*set & ~(u64{0x7f} << 32)) == (fpsr & ~(u64{0x7f} << 32)));
  CHECK(fsetc(fpsr, 0, 0x73, 0) == ((fpsr & ~(u64{0x7f} << 6)) | u64{0x20} << 6));
  CHECK_FALSE(fsetc(fpsr, 0, 0x7f, 0x40));  // sf0.td
  CHECK_FALSE(fsetc(fpsr, 1, 0x73, 0x04));  // pc 1
}

TEST_CASE("fclrf clears the flags of one field", "[ia64][float]") {
  u64 fpsr = default_fpsr;
  for (unsigned sf = 0; sf < 4; ++sf) fpsr = add_flags(fpsr, sf, 63);
  for (unsigned sf = 0; sf < 4; ++sf) {
    for (unsigned other = 0; other < 4; ++other) {
      CHECK(flags(fclrf(fpsr, sf), other) == (other == sf ? 0 : 63));
      CHECK(controls(fclrf(fpsr, sf), other) == controls(default_fpsr, other));
    }
    CHECK((fclrf(fpsr, sf) & 63) == 63);
  }
}

TEST_CASE("fchkf asks for exceptions that are enabled, or new to sf0", "[ia64][float]") {
  for (u32 traps = 0; traps < 64; ++traps) {
    for (u32 shown = 0; shown < 64; ++shown) {
      for (const u8 raised : std::initializer_list<u8>{0, 1, 2, 4, 8, 16, 32, 33, 63}) {
        u64 fpsr = (default_fpsr & ~u64{63}) | traps;
        fpsr = add_flags(add_flags(fpsr, 0, static_cast<u8>(shown)), 3, raised);
        REQUIRE(fchkf(fpsr, 3) == ((raised & ~traps) != 0 || (raised & ~shown) != 0));
      }
    }
  }
}

TEST_CASE("sf's td disables what the register enables", "[ia64][float]") {
  const u64 fpsr = default_fpsr & ~u64{63};
  CHECK(environment(fpsr, 0, Completer::dynamic).disabled == 0);
  CHECK(environment(fpsr, 1, Completer::dynamic).disabled == 63);
  CHECK(environment(fpsr & ~(u64{0x40} << field_shift(1)), 1, Completer::dynamic).disabled == 0);
}

TEST_CASE("precision and range of every combination", "[ia64][float]") {
  struct Row {
    Completer completer;
    u32 pc;
    int precision, emax;
  };
  const Row rows[] = {{Completer::single, 3, 24, 127},    {Completer::real_double, 0, 53, 1023},
                      {Completer::dynamic, 0, 24, 16383}, {Completer::dynamic, 2, 53, 16383},
                      {Completer::dynamic, 3, 64, 16383}, {Completer::parallel, 3, 24, 127}};
  for (const Row& row : rows) {
    for (const bool widest : {false, true}) {
      const u64 fpsr = (default_fpsr & ~(u64{0x0e} << 6)) | u64{row.pc} << 8 | u64{widest} << 7;
      const Environment env = environment(fpsr, 0, row.completer);
      const int emax = widest && row.completer != Completer::parallel ? 65535 : row.emax;
      CHECK(env.precision == row.precision);
      CHECK(env.maximum == emax + 65535);
      CHECK(env.minimum == 1 - emax + 65535);
    }
  }
}

TEST_CASE("ISR.code", "[ia64][float]") {
  CHECK(fault_code(Outcome{.fault = exception::invalid}) == 0x1);
  CHECK(fault_code(Outcome{.fault = exception::denormal}) == 0x2);
  CHECK(fault_code(Outcome{.fault = exception::zero_divide}) == 0x4);
  CHECK(fault_code(PairOutcome{{.fault = 1}, {.fault = 4}}) == 0x41);
  CHECK(trap_code(Outcome{.trap = exception::overflow}) == 0x801);
  CHECK(trap_code(Outcome{.trap = exception::underflow | exception::inexact, .rounded_up = true}) == 0x7001);
  CHECK(trap_code(
            PairOutcome{{.trap = exception::inexact}, {.trap = exception::overflow, .rounded_up = true}}) ==
        (0x2000 | 0x80 | 0x400 | 1));
  CHECK(trap_code(PairOutcome{{.rounded_up = true}, {.trap = exception::inexact}}) == (0x200 | 1));
}

}  // namespace
}  // namespace xs::ia64::fp::test
