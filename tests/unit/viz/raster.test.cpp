// Raster against levels computed from scratch, texel by texel, in real numbers.
#include "viz/model/raster.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

using namespace xs;
using viz::Raster;

namespace {

using Size = std::pair<u32, u32>;

// How much of [from, to) lies in texel i.
double overlap(double from, double to, u32 i) {
  return std::min(to, i + 1.0) - std::max(from, double{1} * i);
}

// The mean over the area that texel x, y covers, a colour counting as much as it is opaque.
u32 mean(const Raster& raster, u32 n, u32 x, u32 y) {
  const u32 w = raster.level_width(n - 1), h = raster.level_height(n - 1);
  const double dx = double(w) / raster.level_width(n), dy = double(h) / raster.level_height(n);
  double area = 0, opacity = 0, plain[3] = {}, weighted[3] = {};
  const auto end = [](double value, u32 limit) {
    return std::min(limit, static_cast<u32>(std::ceil(value - 1e-9)));
  };
  for (u32 j = static_cast<u32>(y * dy + 1e-9); j < end((y + 1) * dy, h); ++j)
    for (u32 i = static_cast<u32>(x * dx + 1e-9); i < end((x + 1) * dx, w); ++i) {
      const double part = overlap(x * dx, (x + 1) * dx, i) * overlap(y * dy, (y + 1) * dy, j);
      const u32 texel = raster.level(n - 1)[j * w + i];
      area += part;
      opacity += part * (texel >> 24);
      for (u32 c = 0; c < 3; ++c) {
        plain[c] += part * (texel >> 8 * c & 0xff);
        weighted[c] += part * (texel >> 24) * (texel >> 8 * c & 0xff);
      }
    }
  const auto rounded = [](double value) { return static_cast<u32>(std::floor(value + 0.5 + 1e-7)); };
  u32 rgba = rounded(opacity / area) << 24;
  for (u32 c = 0; c < 3; ++c) rgba |= rounded(opacity > 0 ? weighted[c] / opacity : plain[c] / area) << 8 * c;
  return rgba;
}

void check_levels(const Raster& raster) {
  for (u32 n = 1; n < raster.levels(); ++n) {
    const u32 w = raster.level_width(n), h = raster.level_height(n);
    REQUIRE(w == std::max(raster.level_width(n - 1) / 2, 1U));
    REQUIRE(h == std::max(raster.level_height(n - 1) / 2, 1U));
    REQUIRE(raster.level(n).size() == u64{w} * h);
    for (u32 y = 0; y < h; ++y)
      for (u32 x = 0; x < w; ++x) {
        INFO("level " << n << " x " << x << " y " << y);
        REQUIRE(raster.level(n)[y * w + x] == mean(raster, n, x, y));
      }
  }
  REQUIRE(raster.level(raster.levels() - 1).size() == 1);
}

using Levels = std::vector<std::vector<u32>>;

Levels levels_of(const Raster& raster) {
  Levels copy;
  for (u32 n = 0; n < raster.levels(); ++n) copy.emplace_back(raster.level(n).begin(), raster.level(n).end());
  return copy;
}

// What a texture has that takes over nothing but these rectangles. They overlap nowhere.
void take_over(Levels& texture, const Raster& raster, const std::vector<Raster::Rect>& rects) {
  Levels taken;
  for (const auto& level : texture) taken.emplace_back(level.size());
  for (const Raster::Rect& r : rects) {
    REQUIRE(r.w > 0);
    REQUIRE(r.h > 0);
    REQUIRE(r.x + r.w <= raster.level_width(r.level));
    REQUIRE(r.y + r.h <= raster.level_height(r.level));
    for (u32 y = r.y; y < r.y + r.h; ++y)
      for (u32 x = r.x; x < r.x + r.w; ++x) {
        const u32 i = y * raster.level_width(r.level) + x;
        if (taken[r.level][i]++ != 0) FAIL("taken twice");
        texture[r.level][i] = raster.level(r.level)[i];
      }
  }
}

// The colours of a step: opaque, as frames are; or anything.
u32 colour(std::mt19937& random, bool opaque) {
  return static_cast<u32>(random()) | (opaque ? 0xff000000 : 0);
}

u64 area(const std::vector<Raster::Rect>& rects) {
  u64 sum = 0;
  for (const Raster::Rect& r : rects) sum += u64{r.w} * r.h;
  return sum;
}

}  // namespace

TEST_CASE("levels and changes of a raster agree with a naive computation") {
  const Size size =
      GENERATE(Size{1, 1}, Size{1, 7}, Size{5, 1}, Size{2, 2}, Size{3, 3}, Size{64, 64}, Size{128, 32},
               Size{63, 65}, Size{65, 3}, Size{127, 129}, Size{200, 150}, Size{1, 300}, Size{301, 2});
  const bool opaque = GENERATE(true, false);
  INFO(size.first << " x " << size.second << (opaque ? " opaque" : ""));
  std::mt19937 random(size.first * 1000 + size.second);
  Raster raster(size.first, size.second);
  const u32 texels = size.first * size.second;
  Levels texture = levels_of(raster);
  for (auto& level : texture) std::fill(level.begin(), level.end(), 0xdeadbeef);
  for (u32 step = 0; step < 12; ++step) {
    const u32 changes = step == 0 ? 0 : step == 1 ? texels : static_cast<u32>(random() % 40);
    for (u32 i = 0; i < changes; ++i)
      raster.set(step == 1 ? i : static_cast<u32>(random() % texels), colour(random, opaque));
    take_over(texture, raster, raster.take_changes());
    check_levels(raster);
    REQUIRE(texture == levels_of(raster));
  }
  REQUIRE(raster.take_changes().empty());
}

TEST_CASE("a change that is none is no change") {
  Raster raster(100, 100);
  raster.take_changes();
  raster.set(5050, 0xff112233);
  REQUIRE_FALSE(raster.take_changes().empty());
  raster.set(5050, 0xff112233);
  REQUIRE(raster.take_changes().empty());
}

TEST_CASE("few changes make few rectangles") {
  Raster raster(1024, 1024);
  SECTION("everything: one a level") {
    REQUIRE(raster.take_changes().size() == 11);
    for (u32 i = 0; i < 1024 * 1024; ++i) raster.set(i, 0xff000000 | i);
    const auto rects = raster.take_changes();
    REQUIRE(rects.size() == 11);
    for (u32 n = 0; n < 11; ++n) REQUIRE(rects[n] == Raster::Rect{n, 0, 0, 1024U >> n, 1024U >> n});
  }
  SECTION("one texel: a tile a level, and no level on which it cannot be seen") {
    for (u32 i = 0; i < 1024 * 1024; ++i) raster.set(i, 0xff000000);
    raster.take_changes();
    raster.set(700 * 1024 + 300, 0xff0000ff);  // level 5 has 255 / 4^5 of it, which rounds to 0
    const auto rects = raster.take_changes();
    REQUIRE(rects.size() == 5);
    REQUIRE(rects[0] == Raster::Rect{0, 256, 640, 64, 64});
    REQUIRE(rects[4] == Raster::Rect{4, 0, 0, 64, 64});
  }
  SECTION("a block of rows: one rectangle of that height") {
    raster.take_changes();
    for (u32 i = 128 * 1024; i < 256 * 1024; ++i) raster.set(i, 0xffffffff);
    const auto rects = raster.take_changes();
    REQUIRE(rects[0] == Raster::Rect{0, 0, 128, 1024, 128});
    REQUIRE(rects[1] == Raster::Rect{1, 0, 64, 512, 64});
  }
  SECTION("a thousand scattered ones: no more than everything, and no more rectangles than tiles") {
    raster.take_changes();
    std::mt19937 random(1);
    for (u32 i = 0; i < 1000; ++i) raster.set(static_cast<u32>(random() % (1024 * 1024)), 0xffffffff);
    const auto rects = raster.take_changes();
    REQUIRE(rects.size() < 100);
    REQUIRE(area(rects) <= 1024 * 1024 * 4 / 3 + 1);
  }
}

TEST_CASE("a mean keeps colours legible") {
  Raster raster(2, 2);
  const auto mean_of = [&raster](u32 a, u32 b, u32 c, u32 d) {
    u32 index = 0;
    for (const u32 rgba : {a, b, c, d}) raster.set(index++, rgba);
    raster.take_changes();
    return raster.level(1)[0];
  };
  REQUIRE(mean_of(0xff123456, 0xff123456, 0xff123456, 0xff123456) == 0xff123456);
  REQUIRE(mean_of(0xffffffff, 0xff000000, 0xffffffff, 0xff000000) == 0xff808080);
  REQUIRE(mean_of(0xff0000ff, 0, 0, 0) == 0x400000ff);  // a quarter as opaque, as red as before
}
