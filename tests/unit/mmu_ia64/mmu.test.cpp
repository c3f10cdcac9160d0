// What a core gets for an access: conditions, their priorities, keys, the walker.
#include <catch2/catch.hpp>

#include "tests/unit/mmu_ia64/ia64_tables.h"

using namespace xs;
using namespace xs::mmu::ia64;
using namespace xs::test;

namespace {

constexpr u64 region5 = u64{5} << 61, table = u64{6} << 61 | 0x100000, table_pa = 0x20000;

struct Revocation {
  bool fetch;
  u64 offset;
  unsigned shift;
  bool operator==(const Revocation&) const = default;
};

struct Bench : TlbSink {
  explicit Bench(TlbSize size = {}) : mmu(memory, {TimingModel{}, size, size}, this) {
    for (unsigned i = 0; i < 8; ++i) mmu.set_region(i, rr(0x100 + i, 14, true));
  }
  /// A VHPT, mapped by a data TR: short tables lie in each region, at the same place.
  void with_table(bool long_format) {
    mmu.set_table(pta(table, 15, long_format));
    REQUIRE(mmu.insert_register(false, 0, pte(table_pa, 2, 0), itir(16), mmu.hash(region5)));
  }
  void page(u64 va, u64 entry, u64 size_and_key = itir(14)) {
    REQUIRE(mmu.insert_cached(false, entry, size_and_key, va));
    REQUIRE(mmu.insert_cached(true, entry, size_and_key, va));
  }
  Answer ask(u64 va, u8 rights = right_read, u8 cpl = 0) {
    return mmu.translate(
        {.va = va, .fetch = rights == right_execute, .rights = rights, .cpl = cpl, .walk = true});
  }
  /// Where the short-format entry for va lies in memory.
  u64 entry_pa(u64 va) { return table_pa + (mmu.hash(va) & 0xffff); }

  FlatMemory memory{0x80000};
  void revoked(bool fetch, u64 offset, unsigned shift) override { log.push_back({fetch, offset, shift}); }
  std::vector<Revocation> log;
  Mmu mmu;
};

}  // namespace

TEST_CASE("no translation and no walker: alternate TLB") {
  Bench b;
  CHECK(b.ask(region5).refused == alternate_tlb);  // PTA.ve clear
  b.with_table(false);
  b.memory.set_word(b.entry_pa(region5), pte(0x4000) | 2);  // reserved
  CHECK(b.ask(region5).refused == tlb_miss);
  CHECK(b.mmu.translate({.va = region5}).refused == alternate_tlb);  // PSR forbids it
  b.mmu.set_region(5, rr(0x105, 14, false));
  CHECK(b.ask(region5).refused == alternate_tlb);
}

TEST_CASE("conditions of a page, the most urgent first") {
  Bench b;
  const u64 va = region5 | 0x8000;
  SECTION("granted") {
    b.page(va, pte(0x1234c000, 2));
    const Answer a = b.ask(va | 0x123, right_read, 3);
    CHECK(a.refused == 0);
    CHECK(a.pa == 0x1234c123);
    CHECK(a.rights == (right_read | right_write));
    CHECK_FALSE(a.architectural);
  }
  SECTION("not present hides the rest") {
    b.page(va, pte(0x4000, 0, 0) & ~u64{0x61});
    CHECK(b.ask(va, right_write, 3).refused == page_not_present);
  }
  SECTION("all others together") {
    b.page(va, (pte(0x4000, 0, 0) & ~u64{0x60}) | ma_nat_page << 2);
    const Answer a = b.mmu.translate({.va = va, .rights = right_write, .cpl = 3, .protection_keys = true});
    CHECK(a.refused == (nat_page | key_miss | access_rights | dirty_bit | access_bit));
    CHECK(a.rights == 0);
    const u16 first = a.refused & -a.refused;
    CHECK(first == nat_page);
  }
  SECTION("dirty and accessed") {
    b.page(va, pte(0x4000) & ~u64{0x40});
    CHECK(b.ask(va).refused == 0);
    CHECK(b.ask(va).rights == (right_read | right_execute));
    CHECK(b.ask(va, right_write).refused == dirty_bit);
    CHECK(b.mmu.translate({.va = va, .rights = right_write, .ignore_accessed_dirty = true}).refused == 0);
    b.page(va, pte(0x4000) & ~u64{0x20});
    CHECK(b.ask(va).refused == access_bit);
    CHECK(b.ask(va, right_execute).refused == access_bit);
  }
  SECTION("a semaphore needs both rights") {
    b.page(va, pte(0x4000, 0));
    CHECK(b.ask(va, right_read | right_write).refused == access_rights);
  }
}

TEST_CASE("protection keys") {
  Bench b;
  const u64 va = region5;
  b.page(va, pte(0x4000), itir(14, 7));
  const auto ask = [&](u8 rights) {
    return b.mmu.translate(
        {.va = va, .fetch = rights == right_execute, .rights = rights, .protection_keys = true});
  };
  CHECK(ask(right_read).refused == key_miss);
  CHECK(ask(right_read).rights == 0);
  b.mmu.set_key(3, key(7));
  CHECK(ask(right_read).refused == 0);
  CHECK(ask(right_read).rights == (right_read | right_write | right_execute));
  b.mmu.set_key(3, key(7, 1));
  CHECK(ask(right_write).refused == key_permission);
  CHECK(ask(right_read).rights == (right_read | right_execute));
  b.mmu.set_key(3, key(7, 2));
  CHECK(ask(right_read).refused == key_permission);
  b.mmu.set_key(3, key(7, 4));
  CHECK(ask(right_execute).refused == key_permission);
  b.mmu.set_key(9, key(7));  // the same key in another register ends the first
  CHECK(b.mmu.key(3) == (key(7, 4) & ~u64{1}));
  CHECK(ask(right_execute).refused == 0);
}

TEST_CASE("hash and tag name one page") {
  Bench b;
  for (bool long_format : {false, true}) {
    b.mmu.set_table(pta(table, 15, long_format));
    b.mmu.set_region(1, rr(0xabcdef, 14, true));
    b.mmu.set_region(2, rr(0xabcdee, 14, true));
    CHECK(b.mmu.hash(region5 | 0x4000) != b.mmu.hash(region5 | 0x8000));
    CHECK(b.mmu.hash(region5 | 0x4000) == b.mmu.hash(region5 | 0x7fff));
  }
  b.mmu.set_table(pta(table, 15, false));
  CHECK(b.mmu.hash(region5 | 0x4000) == (region5 | 0x100008));
  b.mmu.set_table(pta(table, 15, true));
  const u64 one = u64{1} << 61 | 0x4000, other = u64{2} << 61 | 0x0;  // page ^ rid is the same
  CHECK(b.mmu.hash(one) == b.mmu.hash(other));
  CHECK(b.mmu.tag(one) != b.mmu.tag(other));
}

TEST_CASE("the walker reads a short-format table and inserts what it finds") {
  Bench b;
  b.with_table(false);
  const u64 va = region5 | 0x1c000;
  b.memory.set_word(b.entry_pa(va), pte(0x30000));
  const Answer first = b.ask(va | 8);
  CHECK(first.refused == 0);
  CHECK(first.pa == 0x30008);
  CHECK(first.architectural);
  CHECK(first.vhpt_address == b.mmu.hash(va));
  CHECK(first.cycles == TimingModel{}.walk_access);
  b.memory.set_word(b.entry_pa(va), 0);
  CHECK(b.ask(va).pa == 0x30000);                               // until it is purged
  CHECK(b.ask(va, right_execute).refused == page_not_present);  // the other side walks for itself
  REQUIRE(b.mmu.purge_cached(0x105, va, 14));
  CHECK(b.ask(va).refused == page_not_present);
}

TEST_CASE("the walker reads a long-format table") {
  Bench b;
  b.with_table(true);
  const u64 va = region5 | 0x24000;
  b.memory.set_word(b.entry_pa(va), pte(0x38000));
  b.memory.set_word(b.entry_pa(va) + 8, itir(14, 0x77));
  b.memory.set_word(b.entry_pa(va) + 16, b.mmu.tag(va));
  SECTION("found") {
    const Answer a = b.ask(va);
    CHECK(a.refused == 0);
    CHECK(a.page.key == 0x77);
    CHECK(a.cycles == 3 * TimingModel{}.walk_access);
  }
  SECTION("another page's tag") {
    b.memory.set_word(b.entry_pa(va) + 16, b.mmu.tag(va) ^ 1);
    CHECK(b.ask(va).refused == tlb_miss);
  }
  SECTION("an invalid tag") {
    b.memory.set_word(b.entry_pa(va) + 16, b.mmu.tag(va) | u64{1} << 63);
    CHECK(b.ask(va).refused == tlb_miss);
  }
  SECTION("a reserved page size") {
    b.memory.set_word(b.entry_pa(va) + 8, itir(15));
    CHECK(b.ask(va).refused == tlb_miss);
  }
  SECTION("big-endian") {
    for (unsigned i = 0; i < 3; ++i)
      b.memory.set_word(b.entry_pa(va) + 8 * i, __builtin_bswap64(b.memory.word(b.entry_pa(va) + 8 * i)));
    CHECK(b.ask(va).refused == tlb_miss);
    CHECK(b.mmu.translate({.va = va, .walk = true, .big_endian_table = true}).refused == 0);
  }
}

TEST_CASE("tables that the walker cannot read") {
  Bench b;
  const u64 va = region5;
  b.mmu.set_table(pta(table, 15, false));
  CHECK(b.ask(va).refused == vhpt_miss);
  CHECK(b.ask(va).vhpt_address == b.mmu.hash(va));
  b.memory.set_word(b.entry_pa(va), pte(0x30000));
  const auto map = [&](u64 entry, u32 k = 0) {
    REQUIRE(b.mmu.insert_cached(false, entry, itir(16, k), b.mmu.hash(va)));
  };
  const u64 good = pte(table_pa, 2, 0);
  SECTION("mapped") {
    map(good);
    CHECK(b.ask(va).refused == 0);
  }
  SECTION("not present") {
    map(good & ~u64{1});
    CHECK(b.ask(va).refused == tlb_miss);
  }
  SECTION("not accessed") {
    map(good & ~u64{0x20});
    CHECK(b.ask(va).refused == tlb_miss);
  }
  SECTION("uncacheable") {
    map(good | ma_uc << 2);
    CHECK(b.ask(va).refused == tlb_miss);
  }
  SECTION("a NaT page") {
    map(good | ma_nat_page << 2);
    CHECK(b.ask(va).refused == tlb_miss);
  }
  SECTION("its key is missing") {
    map(good, 5);
    const Access access{.va = va, .walk = true, .protection_keys = true};
    b.mmu.set_key(0, key(0x105));  // of the page itself: a short entry's key is the region's identifier
    CHECK(b.mmu.translate(access).refused == tlb_miss);
    b.mmu.set_key(1, key(5, 2));
    CHECK(b.mmu.translate(access).refused == tlb_miss);
    b.mmu.set_key(1, key(5, 5));  // denies writes and execution alone
    CHECK(b.mmu.translate(access).refused == 0);
  }
  SECTION("beyond memory") {
    map(pte(0x10'0000'0000, 2, 0));
    CHECK(b.ask(va).refused == tlb_miss);
  }
}

TEST_CASE("copies of answers are good as long as nothing is revoked") {
  Bench b;
  b.with_table(false);
  const u64 va = region5 | 0x4000;
  b.memory.set_word(b.entry_pa(va), pte(0x30000));
  b.log.clear();
  b.ask(va);
  b.page(region5 | 0x200000, pte(0x8000));
  REQUIRE(b.mmu.purge_cached(0x105, region5 | 0x400000, 14));
  CHECK(b.log.empty());
  REQUIRE(b.mmu.purge_cached(0x105, va, 14));
  CHECK(b.log == std::vector<Revocation>{{false, 0x4000, 14}});
  b.mmu.set_region(5, b.mmu.region(5));
  CHECK(b.log.size() == 1);
  b.mmu.set_region(5, b.mmu.region(5) ^ 0x100);
  CHECK(b.log.size() == 3);
}

TEST_CASE("debuggers see translations without changing anything") {
  Bench b;
  b.with_table(false);
  const u64 va = region5 | 0x4000;
  u64 pa = 0;
  CHECK_FALSE(b.mmu.probe(va, false, pa));
  b.memory.set_word(b.entry_pa(va), pte(0x30000));
  REQUIRE(b.mmu.probe(va | 5, false, pa));
  CHECK(pa == 0x30005);
  CHECK(b.mmu.counters().walk_inserts == 0);
  b.page(va, pte(0x8000));
  REQUIRE(b.mmu.probe(va, true, pa));
  CHECK(pa == 0x8000);
}
