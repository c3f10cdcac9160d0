#include <catch2/catch.hpp>
#include <string>

#include "sim/cpu_ia64/isa/bundle.h"

using namespace xs;
using namespace xs::ia64;

namespace {

std::string written(const Template& t) {
  std::string out;
  for (unsigned s = 0; s < 3; ++s) {
    out += t.reserved() ? '-' : "MIFBLX"[static_cast<unsigned>(t.unit[s])];
    if (t.stop_after(s)) out += '|';
  }
  return out;
}

}  // namespace

TEST_CASE("templates are those of SDM volume 3, table 4-1") {
  const std::string expected[32] = {"MII", "MII|", "MI|I", "MI|I|", "MLX", "MLX|", "---", "---",  // 00 - 07
                                    "MMI", "MMI|", "M|MI", "M|MI|", "MFI", "MFI|", "MMF", "MMF|",
                                    "MIB", "MIB|", "MBB",  "MBB|",  "---", "---",  "BBB", "BBB|",
                                    "MMB", "MMB|", "---",  "---",   "MFB", "MFB|", "---", "---"};
  for (unsigned n = 0; n < 32; ++n) {
    INFO(n);
    CHECK(written(templates[n]) == expected[n]);
    CHECK(templates[n].long_immediate() == (n == 4 || n == 5));
  }
}

TEST_CASE("slots come out of a bundle as they went in") {
  const u64 a = 0x155aa55aa55, b = 0x0123456789a, c = 0x1fedcba9876;
  const Bundle made = Bundle::make(0x11, a, b, c);
  u8 bytes[16];
  std::memcpy(bytes, &made, 16);
  const Bundle read = Bundle::from_bytes(bytes);
  CHECK(read.template_number() == 0x11);
  CHECK(read.slot(0) == a);
  CHECK(read.slot(1) == b);
  CHECK(read.slot(2) == c);
}

TEST_CASE("bundles are little-endian: template in the first byte") {
  // { .mlx  nop.m 0 ; movl r9=0x8123456789abcdef }
  const u8 bytes[16] = {0x04, 0x00, 0x00, 0x00, 0x01, 0x80, 0x89, 0x67,
                        0x45, 0x23, 0x01, 0x20, 0xf1, 0x76, 0x6d, 0x6e};
  const Bundle bundle = Bundle::from_bytes(bytes);
  CHECK(bundle.layout().long_immediate());
  CHECK(bundle.slot(0) == 0x00008000000);
  CHECK(bundle.slot(1) == 0x0048d159e26);
  CHECK(bundle.slot(2) == 0x0dcdaede240);
}
