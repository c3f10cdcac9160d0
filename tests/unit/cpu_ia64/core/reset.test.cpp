// What a program finds at its first instruction.
#include "tests/unit/cpu_ia64/core/bench.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

/// AR.FPSR as Intel's software conventions have it at a program's start (fields: SDM vol. 1 5.2).
TEST_CASE("at reset floating-point traps are off, and precision is that of double-extended") {
  Bench b;
  b.core.reset(0x10000);
  u64 fpsr = 0;
  REQUIRE(b.core.processor().read_application(40, fpsr));
  struct Field {
    unsigned td, rc, pc, wre, ftz;
  };
  constexpr Field wanted[] = {{0, 0, 3, 0, 0}, {1, 0, 3, 1, 0}, {1, 0, 3, 0, 0}, {1, 0, 3, 0, 0}};
  u64 expected = 0x3f;  // vd, dd, zd, od, ud, id
  for (unsigned sf = 0; sf < 4; ++sf) {
    const Field& f = wanted[sf];
    const u64 controls = f.ftz | f.wre << 1 | f.pc << 2 | f.rc << 4 | f.td << 6;
    expected |= controls << (6 + 13 * sf);
  }
  CHECK(fpsr == expected);
}

TEST_CASE("at reset translation, interrupts and collection are off, and bank 1 is there") {
  Bench b;
  b.core.reset(0x10000);
  CHECK(b.r().psr == psr::bn);
  CHECK(b.r().ip == 0x10000);
  CHECK(b.r().cpl() == 0);
}
