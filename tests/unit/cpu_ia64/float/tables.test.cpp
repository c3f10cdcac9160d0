// The approximation tables: entries that the manual prints, and the error bounds that it states (SDM vol. 3,
// frcpa: 2^-8.886, frsqrta: 2^-8.831), met and not undercut by more than rounding of the bound.
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/cpu_ia64/float/approximate.h"

namespace xs::ia64::fp::test {
namespace {

TEST_CASE("entries of the reciprocal table", "[ia64][float]") {
  const u32 first[] = {0x7fc, 0x7f4, 0x7ec, 0x7e4, 0x7dd, 0x7d5, 0x7cd, 0x7c6};
  const u32 last[] = {0x40f, 0x40d, 0x40b, 0x409, 0x407, 0x405, 0x403, 0x401};
  for (unsigned i = 0; i < 8; ++i) {
    CHECK(reciprocal_entry(i) == first[i]);
    CHECK(reciprocal_entry(248 + i) == last[i]);
  }
}

TEST_CASE("entries of the reciprocal root table", "[ia64][float]") {
  const u32 first[] = {0x5a5, 0x5a0, 0x59a, 0x595}, second[] = {0x7fc, 0x7f4, 0x7ec, 0x7e5};
  const u32 last[] = {0x5b5, 0x5b2, 0x5af, 0x5ac, 0x5aa};
  for (unsigned i = 0; i < 4; ++i) {
    CHECK(reciprocal_root_entry(i) == first[i]);
    CHECK(reciprocal_root_entry(128 + i) == second[i]);
  }
  for (unsigned i = 0; i < 5; ++i) CHECK(reciprocal_root_entry(251 + i) == last[i]);
  CHECK(reciprocal_root_entry(127) == 0x401);
}

TEST_CASE("relative errors are what the manual states", "[ia64][float]") {
  double worst = 0, worst_root = 0;
  for (unsigned i = 0; i < 256; ++i) {
    for (const double end : {0.0, 1.0}) {
      const double m = 1 + (i + end) / 256;
      worst = std::max(worst, std::fabs(m * reciprocal_entry(i) / 2048 - 1));
      const double n = (1 + ((i & 127) + end) / 128) * (i < 128 ? 2 : 1);
      worst_root = std::max(worst_root, std::fabs(std::sqrt(n) * reciprocal_root_entry(i) / 2048 - 1));
    }
  }
  CHECK(-std::log2(worst) == Approx(8.886).margin(0.001));
  CHECK(-std::log2(worst_root) == Approx(8.831).margin(0.001));
}

}  // namespace
}  // namespace xs::ia64::fp::test
