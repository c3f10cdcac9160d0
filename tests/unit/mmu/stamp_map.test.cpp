// StampMap against std::unordered_map under random inserts, erasures and clears.
#include "sim/mmu/tlb/stamp_map.h"

#include <catch2/catch.hpp>
#include <random>
#include <unordered_map>

using namespace xs;

TEST_CASE("StampMap agrees with std::unordered_map") {
  const u64 seed = GENERATE(1, 2, 3, 4);
  // Keys that collide in their low bits are as frequent as dense ones.
  const u64 stride = GENERATE(u64{1}, u64{4096}, u64{1} << 44);
  std::mt19937_64 random(seed);
  mmu::StampMap<u64> map;
  std::unordered_map<u64, u64> reference;
  for (int step = 0; step < 20'000; ++step) {
    const u64 key = random() % 300 * stride;
    switch (random() % 16) {
      case 0:
        if (random() % 32 == 0) {
          map.clear();
          reference.clear();
        }
        break;
      case 1:
      case 2:
      case 3:
      case 4:
        map.erase(key);
        reference.erase(key);
        break;
      case 5:
      case 6:
      case 7:
      case 8:
      case 9: {
        const u64 value = random();
        map.at(key) = value;
        reference[key] = value;
        break;
      }
      default: {
        const auto it = reference.find(key);
        const u64* found = map.find(key);
        REQUIRE((found != nullptr) == (it != reference.end()));
        if (found != nullptr) REQUIRE(*found == it->second);
      }
    }
    REQUIRE(map.size() == reference.size());
  }
}

TEST_CASE("StampMap::at creates a fresh value after clear") {
  mmu::StampMap<u32> map;
  map.at(7) = 5;
  map.clear();
  REQUIRE(map.find(7) == nullptr);
  REQUIRE(map.at(7) == 0);
}
