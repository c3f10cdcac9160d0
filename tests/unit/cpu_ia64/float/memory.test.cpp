// Loads, stores and moves between register files: the value that a format's bits mean (by the host's own
// decoder), round trips of every exponent, and the encodings of the manual's tables (SDM vol. 1, 5.1.3
// and 5.3).
#include <bit>
#include <catch2/catch.hpp>

#include "tests/unit/cpu_ia64/float/samples.h"
#include "tests/unit/cpu_ia64/float/vectors.h"

namespace xs::ia64::fp::test {
namespace {

TEST_CASE("singles", "[ia64][float]") {
  Random random(31);
  for (u32 top = 0; top < 512; ++top) {
    for (int i = 0; i < vectors(400); ++i) {
      const u32 fraction =
          i < 2 ? static_cast<u32>(i) * 0x7f'ffff : static_cast<u32>(random.next()) >> (9 + i % 23);
      const u32 memory = top << 23 | fraction;
      const Register r = from_single(memory);
      REQUIRE(to_single(r) == memory);
      if ((top & 0xff) == 0xff) continue;
      Real x(r);
      REQUIRE(mpfr_cmp_d(x.get(), static_cast<double>(std::bit_cast<float>(memory))) == 0);
    }
  }
}

TEST_CASE("doubles", "[ia64][float]") {
  Random random(32);
  for (u64 top = 0; top < 4096; ++top) {
    for (int i = 0; i < vectors(80); ++i) {
      const u64 fraction = i < 2 ? static_cast<u64>(i) * 0xf'ffff'ffff'ffff : random.next() >> (12 + i % 52);
      const u64 memory = top << 52 | fraction;
      const Register r = from_double(memory);
      REQUIRE(to_double(r) == memory);
      if ((top & 0x7ff) == 0x7ff) continue;
      Real x(r);
      REQUIRE(mpfr_cmp_d(x.get(), std::bit_cast<double>(memory)) == 0);
    }
  }
}

TEST_CASE("double-extended values of every exponent come back", "[ia64][float]") {
  Random random(33);
  for (u32 top = 0; top <= 0xffff; ++top) {
    const u64 significand = random.next() >> random.below(64);
    const Register r = from_extended(significand, static_cast<u16>(top));
    REQUIRE(r.significand == significand);
    REQUIRE(to_extended_sign_exponent(r) == top);
  }
}

TEST_CASE("encodings of loaded values", "[ia64][float]") {
  CHECK(from_single(0x3f80'0000) == one());
  CHECK(from_double(0xbff0'0000'0000'0000) == minus_one);
  CHECK(from_single(0x8000'0000) == zero(true));
  CHECK(from_single(0x0000'0001) == Register{u64{1} << 40, 0x0ff81});
  CHECK(from_double(1) == Register{u64{1} << 11, 0x0fc01});
  CHECK(from_extended(1, 0x8000) == Register{1, sign_bit});
  CHECK(from_extended(integer_bit, 0) == Register{integer_bit, 0});
  CHECK(from_extended(integer_bit, 1) == Register{integer_bit, 0x0c001});
  CHECK(from_extended(integer_bit, 0x7fff) == infinity());
  CHECK(from_extended(0, 0x7fff) == pseudo_infinity);
  CHECK(from_single(0xff80'0000) == infinity(true));
  CHECK(from_single(0x7f80'0001) == Register{integer_bit | u64{1} << 40, 0x1ffff});
  CHECK(from_double(0x7ff8'0000'0000'0000) == Register{integer_bit | quiet_bit, 0x1ffff});
  CHECK(integer(5) == Register{5, 0x1003e});
  CHECK(from_exponent(0xffff'ffff'fff2'fffe) == Register{integer_bit, 0x2fffe});
  CHECK(from_spill(7, 0xffff'ffff'ffff'ffff) == Register{7, 0x3ffff});
}

TEST_CASE("stores pick bits and round nothing", "[ia64][float]") {
  CHECK(to_single({~u64{0}, 0xffff}) == 0x3fff'ffff);
  CHECK(to_single(integer(u64{7} << 40)) == 7);             // no integer bit: exponent 0
  CHECK(to_single({integer_bit, 0x1003e}) == 0x5f00'0000);  // 2^63
  CHECK(to_double(quiet_indefinite) == 0xfff8'0000'0000'0000);
  CHECK(to_double(denormal) == u64{1} << 29);
  CHECK(to_extended_sign_exponent(infinity(true)) == 0xffff);
  CHECK(to_extended_sign_exponent({integer_bit, 0x0ffff}) == 0x3fff);
  CHECK(to_extended_sign_exponent(integer(1)) == 0x403e);
}

TEST_CASE("classes", "[ia64][float]") {
  const std::pair<Register, Class> rows[] = {
      {zero(true), Class::zero},          {one(), Class::normal},
      {{integer_bit, 1}, Class::normal},  {{integer_bit, 0x1fffe}, Class::normal},
      {unnormal_one, Class::unnormal},    {denormal, Class::unnormal},
      {pseudo_denormal, Class::unnormal}, {pseudo_zero, Class::unnormal},
      {minus_top_zero, Class::unnormal},  {{0, 0x1fffd}, Class::unnormal},
      {{1, 0x1fffe}, Class::unnormal},    {{0, 0x1fffe}, Class::nat},
      {infinity(true), Class::infinity},  {signaling, Class::signaling},
      {quiet_indefinite, Class::quiet},   {pseudo_infinity, Class::unsupported},
      {pseudo_nan, Class::unsupported}};
  for (const auto& [r, kind] : rows) {
    INFO(r);
    CHECK(classify(r) == kind);
  }
}

}  // namespace
}  // namespace xs::ia64::fp::test
