#include "sim/platform/dram.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "sim/core/error.h"
#include "sim/platform/dma.h"

using namespace xs;
using namespace xs::platform;

namespace {
constexpr u64 mib = 1 << 20, high = u64{1} << 44;
}

TEST_CASE("two windows of zeros; nothing between them") {
  Dram dram({mib, high, 2 * mib});
  u64 value = 1;
  REQUIRE(dram.ram().size() == 2);
  CHECK(dram.read(high, &value, 8));
  CHECK(value == 0);
  value = 42;
  CHECK(dram.write(high + 2 * mib - 8, &value, 8));
  CHECK(*reinterpret_cast<u64*>(dram.host(high + 2 * mib - 8)) == 42);
  CHECK_FALSE(dram.read(mib, &value, 1));
  CHECK_FALSE(dram.read(mib - 4, &value, 8));
  CHECK_FALSE(dram.write(high - 1, &value, 1));
  CHECK(dram.host(high + 2 * mib) == nullptr);
}

TEST_CASE("a large sparse machine costs nothing until touched") {
  Dram dram({mib, high, u64{1} << 40});
  const u64 value = 7;
  CHECK(dram.write(high + (u64{1} << 39), &value, 8));
}

TEST_CASE("what the host cannot reserve is an error") {
  CHECK_THROWS_AS(Dram({mib, high, u64{1} << 62}), Error);
}

TEST_CASE("DMA is all or nothing and announces writes") {
  Dram dram({mib, high, mib});
  u64 where = 0, bytes = 0;
  Dma dma(dram, [&](u64 pa, u64 size) { where = pa, bytes = size; });
  char text[8] = "1234567";
  CHECK(dma.write(0x1000, text, 8));
  CHECK(where == 0x1000);
  CHECK(bytes == 8);
  where = 0;
  CHECK_FALSE(dma.write(mib - 4, text, 8));
  CHECK(where == 0);
  CHECK(*dram.host(mib - 1) == 0);
  char back[8];
  CHECK(dma.read(0x1000, back, 8));
  CHECK(std::strcmp(back, "1234567") == 0);
  CHECK_FALSE(dma.covers(high, mib + 1));
  CHECK_FALSE(dma.covers(~u64{0}, 2));
}
