// The TLB against a plain list of translations.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <random>
#include <vector>

#include "tests/unit/mmu_ia64/ia64_tables.h"

using namespace xs;
using namespace xs::mmu::ia64;
using namespace xs::test;

namespace {

constexpr unsigned shifts[] = {12, 13, 14, 16, 20, 26};

struct Listed {
  Translation t;
  std::optional<unsigned> slot;
};

/// What the manual says, word for word, and slowly.
struct List {
  std::vector<Listed> entries;

  static bool overlaps(const Translation& t, u32 rid, u64 va, unsigned shift) {
    const u64 first = va >> shift << shift, last = first + (u64{1} << shift) - 1;
    const u64 own_last = t.va + (u64{1} << t.page_shift) - 1;
    return t.rid == rid && first <= own_last && t.va <= last;
  }
  bool register_in_way(u32 rid, u64 va, unsigned shift, std::optional<unsigned> except = {}) const {
    return std::any_of(entries.begin(), entries.end(), [&](const Listed& e) {
      return e.slot && e.slot != except && overlaps(e.t, rid, va, shift);
    });
  }
  void purge(u32 rid, u64 va, unsigned shift, bool registers) {
    std::erase_if(entries,
                  [&](const Listed& e) { return (registers || !e.slot) && overlaps(e.t, rid, va, shift); });
  }
  bool insert(const Translation& t, std::optional<unsigned> slot) {
    if (register_in_way(t.rid, t.va, t.page_shift, slot)) return false;
    purge(t.rid, t.va, t.page_shift, false);
    if (slot) std::erase_if(entries, [&](const Listed& e) { return e.slot == slot; });
    entries.push_back({t, slot});
    return true;
  }
  const Translation* find(u32 rid, u64 va) const {
    for (const Listed& e : entries)
      if (e.t.rid == rid && va - e.t.va < u64{1} << e.t.page_shift) return &e.t;
    return nullptr;
  }
};

struct Random {
  std::mt19937_64 source{20051121};
  u64 below(u64 n) { return source() % n; }
  unsigned shift() { return shifts[below(std::size(shifts))]; }
  u64 va() { return below(2) ? below(u64{1} << 28) : below(u64{1} << 17); }
  u32 rid() { return static_cast<u32>(1 + below(3)); }
  Translation page() {
    return make_translation(pte(below(u64{1} << 40) & ~u64{0xfff}), itir(shift()), va(), rid());
  }
};

void same(Tlb& tlb, const List& list, Random& random) {
  const u32 rid = random.rid();
  const u64 va = random.va();
  const Translation* expected = list.find(rid, va);
  const Translation* peeked = tlb.peek(rid, va);
  const Translation* found = tlb.find(rid, va);
  REQUIRE((found != nullptr) == (expected != nullptr));
  REQUIRE(peeked == found);
  if (found) REQUIRE(found->translate(va) == expected->translate(va));
}

void random_step(Tlb& tlb, List& list, Random& random) {
  const u32 rid = random.rid();
  const u64 va = random.va();
  const unsigned shift = random.shift();
  switch (random.below(8)) {
    case 0: {
      const Translation t = random.page();
      const unsigned slot = static_cast<unsigned>(random.below(tlb.registers()));
      REQUIRE(tlb.insert_register(slot, t) == list.insert(t, slot));
      break;
    }
    case 1: {
      const bool clear = !list.register_in_way(rid, va, shift);
      REQUIRE(tlb.purge_cached(rid, va, shift) == clear);
      list.purge(rid, va, shift, false);
      break;
    }
    case 2:
      tlb.purge_registers(rid, va, shift);
      list.purge(rid, va, shift, true);
      break;
    default: {
      const Translation t = random.page();
      REQUIRE(tlb.insert_cached(t) == list.insert(t, {}));
    }
  }
}

}  // namespace

TEST_CASE("insertions and purges leave what the manual says") {
  Tlb tlb({.registers = 4, .cache = 0});
  List list;
  Random random;
  for (int i = 0; i < 20'000; ++i) {
    random_step(tlb, list, random);
    for (int probe = 0; probe < 4; ++probe) same(tlb, list, random);
    if (i % 5000 == 4999) {
      tlb.purge_all_cached();
      std::erase_if(list.entries, [](const Listed& e) { return !e.slot; });
    }
  }
}

TEST_CASE("a bounded cache forgets the least recently used, and a register takes a place") {
  Tlb tlb({.registers = 4, .cache = 4});
  const auto page = [](u64 n) { return make_translation(pte(n << 14), itir(14), n << 14, 1); };
  const auto there = [&](u64 n) { return tlb.peek(1, n << 14) != nullptr; };
  for (u64 n = 0; n < 4; ++n) REQUIRE(tlb.insert_cached(page(n)));
  REQUIRE_FALSE(tlb.take_lost().any);
  REQUIRE(tlb.find(1, 0));
  REQUIRE(tlb.insert_cached(page(4)));
  CHECK(there(0));
  CHECK_FALSE(there(1));
  CHECK(tlb.take_lost().any);
  REQUIRE(tlb.insert_register(0, page(9)));
  CHECK_FALSE(there(2));
  CHECK(there(9));
  for (u64 n = 20; n < 40; ++n) REQUIRE(tlb.insert_cached(page(n)));
  CHECK(there(9));
  CHECK(there(39));
  CHECK_FALSE(there(36));
}

TEST_CASE("what is lost is told, what is not is not") {
  Tlb tlb({.registers = 2, .cache = 0});
  const auto page = [](u64 n, unsigned shift = 14) {
    return make_translation(pte(n << 14), itir(shift), n << 14, 1);
  };
  REQUIRE(tlb.insert_cached(page(0)));
  REQUIRE(tlb.insert_cached(page(1)));
  CHECK_FALSE(tlb.take_lost().any);
  SECTION("an insertion over a smaller page") {
    REQUIRE(tlb.insert_cached(page(0, 16)));
    CHECK(tlb.take_lost().any);
  }
  SECTION("a purge") {
    REQUIRE(tlb.purge_cached(1, 5 << 14, 14));
    CHECK_FALSE(tlb.take_lost().any);
    REQUIRE(tlb.purge_cached(1, 1 << 14, 14));
    CHECK(tlb.take_lost().any);
  }
  SECTION("another translation in a register") {
    REQUIRE(tlb.insert_register(1, page(8)));
    CHECK_FALSE(tlb.take_lost().any);
    REQUIRE(tlb.insert_register(1, page(9)));
    CHECK(tlb.take_lost().any);
  }
}

TEST_CASE("which frames are mapped, and for whom") {
  Tlb tlb({.registers = 1, .cache = 0});
  REQUIRE(tlb.insert_cached(make_translation(pte(0x10000, 3, 0), itir(16), 0x50000, 1)));
  REQUIRE(tlb.insert_register(0, make_translation(pte(0x40000, 1, 3), itir(14), 0x90000, 1)));
  CHECK(tlb.maps_frame(0x10, false));
  CHECK(tlb.maps_frame(0x1f, false));
  CHECK_FALSE(tlb.maps_frame(0x20, false));
  CHECK_FALSE(tlb.maps_frame(0x10, true));
  CHECK(tlb.maps_frame(0x43, true));
  CHECK_FALSE(tlb.maps_frame(0x44, true));
  tlb.purge_registers(1, 0x90000, 12);
  CHECK_FALSE(tlb.maps_frame(0x43, false));
}

// Pages whose hashes meet, in a table that grows: whatever is taken out, the others are found.
TEST_CASE("a cache of translations holds what was put in and not taken out", "[ia64][tlb]") {
  std::mt19937_64 random(3);
  TranslationCache cache;
  std::vector<Translation> there;
  const auto make = [](u64 page, unsigned shift, u32 rid) {
    Translation t;
    t.va = page << shift, t.rid = rid, t.page_shift = static_cast<u8>(shift), t.pa = page ^ rid;
    return t;
  };
  std::size_t most = 0;
  for (unsigned round = 0; round < 40'000; ++round) {
    const Translation t = make(random() % 64, shifts[random() % std::size(shifts)], random() % 8);
    const auto at = std::find_if(there.begin(), there.end(), [&](const Translation& x) {
      return x.va == t.va && x.rid == t.rid && x.page_shift == t.page_shift;
    });
    const auto* found = cache.find(t.rid, t.va + random() % (u64{1} << t.page_shift), t.page_shift);
    REQUIRE((found != nullptr) == (at != there.end()));
    if (found) REQUIRE(found->translation.pa == t.pa);
    const bool fill = round / 5000 % 2 == 0;
    if (at == there.end() && (fill || random() % 4 == 0)) {
      cache.insert(t, round);
      there.push_back(t);
    } else if (at != there.end() && (!fill || random() % 4 == 0)) {
      REQUIRE(cache.erase(t.rid, t.va, t.page_shift));
      there.erase(at);
    }
    REQUIRE(cache.size() == there.size());
    most = std::max(most, there.size());
  }
  CHECK(most > 600);
  for (const Translation& t : there) REQUIRE(cache.find(t.rid, t.va, t.page_shift));
  cache.erase_if([](const TranslationCache::Entry& e) { return e.translation.rid % 2 == 0; });
  for (const Translation& t : there)
    REQUIRE((cache.find(t.rid, t.va, t.page_shift) != nullptr) == (t.rid % 2 != 0));
  std::size_t left = 0;
  cache.for_each([&](const TranslationCache::Entry&) { ++left; });
  CHECK(left == cache.size());
}
