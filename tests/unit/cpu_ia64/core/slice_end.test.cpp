// Where a slice ends does not depend on where blocks begin: the last instruction is the last that starts
// before the end.
#include "tests/unit/cpu_ia64/core/bench.h"
#include "tests/unit/cpu_ia64/core/encode.h"

using namespace xs;
using namespace xs::ia64;
using namespace xs::ia64::test;

namespace {

constexpr u64 code = 0x10000, device = 0x80000000;

/// A loop of one block, with two accesses that take time of their own.
void fill(Bench& b) {
  b.put(code, Bundle::make(mii, store(2, 3), nop, nop));
  b.put(code + 16, Bundle::make(mii, nop, nop, nop));
  b.put(code + 32, Bundle::make(mii, nop, nop, nop));
  b.put(code + 48, Bundle::make(mii, store(2, 3), nop, nop));
  b.put(code + 64, Bundle::make(mib, nop, nop, branch_back ^ u64{0x3} << 13));
  b.core.reset(code);
  b.r().gr[2] = u64{1} << 63 | device;
}

struct Place {
  u64 cycles, ip, slot;
  bool operator==(const Place&) const = default;
};

Place end_of(u64 end, u64 step) {
  Bench b;
  fill(b);
  for (u64 at = step; at < end; at += step) b.core.run(at);
  b.core.run(end);
  return {b.core.cycles(), b.r().ip, b.r().ri()};
}

}  // namespace

TEST_CASE("a slice ends at the same instruction whether its code ran in one piece or in many") {
  const u64 timed = end_of(1, 1).cycles;
  REQUIRE(timed > 2);  // the device's access, which began before the end
  for (u64 end = 1; end < 3 * timed; ++end) {
    const Place whole = end_of(end, end), single = end_of(end, 1);
    INFO("end " << end << ": " << whole.cycles << " and " << single.cycles);
    REQUIRE(whole == single);
  }
}
