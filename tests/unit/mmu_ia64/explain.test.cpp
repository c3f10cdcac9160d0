// What is explained is what the next access gets, over random translations, tables, keys and accesses; and
// nothing comes of explaining.
#include <catch2/catch.hpp>
#include <cstring>
#include <random>

#include "sim/mmu/vhpt_ia64/explain.h"
#include "tests/unit/mmu_ia64/ia64_tables.h"

using namespace xs;
using namespace xs::mmu::ia64;
using namespace xs::test;

namespace {

constexpr u64 table = u64{6} << 61 | 0x100000, table_pa = 0x20000;
constexpr unsigned table_shift = 15;

class Machine {
 public:
  Machine(u64 seed, bool long_format, TlbSize size)
      : mmu({memory_, {TimingModel{}, size, size}}), random_(seed) {
    for (unsigned i = 0; i < 8; ++i) mmu.set_region(i, rr(0x100 + i, 12, i != 3));
    mmu.set_table(pta(table, table_shift, long_format));
    map_table();
  }

  u64 random(u64 below) { return random_() % below; }
  u64 random_va() { return random(4) << 61 | random(24) << 12 | random(4096); }

  void change() {
    const u64 va = random_va();
    switch (random(12)) {
      case 0:
        mmu.purge_cached(mmu.region_at(va).rid(), va, 12 + 2 * static_cast<unsigned>(random(2)));
        break;
      case 1:
        mmu.purge_registers(random(2), va, 14);
        break;
      case 2:
        mmu.insert_register(random(2), static_cast<unsigned>(8 + random(4)), random_pte(), random_itir(), va);
        break;
      case 3:
        mmu.set_key(static_cast<unsigned>(random(4)),
                    key(static_cast<u32>(random(4)), static_cast<unsigned>(random(8))));
        break;
      case 4:
        mmu.set_region(static_cast<unsigned>(random(3)),
                       rr(0x100 + static_cast<u32>(random(4)), 12, random(8)));
        break;
      case 5:
        random(4) ? map_table() : mmu.purge_registers(false, mmu.hash(va), 16);
        break;
      case 6:
        mmu.insert_cached(random(2), random_pte(), random_itir(), va);
        break;
      default:
        write_table(va);
    }
  }

  Access random_access() {
    Access a{.va = random_va(), .fetch = random(3) == 0};
    a.rights = a.fetch ? right_execute : random(2) ? right_read : right_write;
    a.cpl = static_cast<u8>(random(4));
    a.walk = random(8) != 0;
    a.protection_keys = random(3) == 0;
    a.ignore_accessed_dirty = random(6) == 0;
    return a;
  }

  Explained explain(const Access& a) {
    const MmuCounters before = mmu.counters();
    const u64 writes = memory_.writes;
    const Explained told = mmu.explain(a);
    REQUIRE(std::memcmp(&before, &mmu.counters(), sizeof before) == 0);
    REQUIRE(memory_.writes == writes);
    return told;
  }

 private:
  FlatMemory memory_{0x80000};

 public:
  Mmu mmu;

 private:
  void map_table() {
    for (u64 region = 0; region < 8; ++region) {
      const u64 at = mmu.hash(region << 61) & ~u64{0xffff};
      mmu.purge_registers(false, at, 16);
      mmu.insert_register(false, static_cast<unsigned>(region), pte(table_pa, 2, 0), itir(16), at);
    }
  }
  u64 random_pte() {
    u64 entry = pte(random(64) << 14, static_cast<unsigned>(random(8)), static_cast<unsigned>(random(4)));
    if (random(12) == 0) entry &= ~u64{1};
    if (random(8) == 0) entry &= ~u64{0x20};
    if (random(8) == 0) entry &= ~u64{0x40};
    if (random(16) == 0) entry |= u64{ma_nat_page} << 2;
    return entry;
  }
  u64 random_itir() { return itir(random(4) ? 12 : 14, static_cast<u32>(random(4))); }
  void write_table(u64 va) {
    const u64 at = table_pa + (mmu.hash(va) & 0xffff);
    memory_.set_word(at, random(20) ? random_pte() : random_pte() | 2);
    memory_.set_word(at + 8, random_itir());
    memory_.set_word(at + 16, mmu.tag(va) ^ (random(6) ? 0 : random(2) ? 1 : u64{1} << 63));
  }

  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("what is explained is what the next access gets") {
  const bool long_format = GENERATE(true, false);
  const unsigned capacity = GENERATE(0u, 24u);
  const u64 seed = GENERATE(range(1, 5));
  Machine m(seed, long_format, {32, capacity});
  u64 granted = 0, stale = 0, by_conditions[16] = {};
  for (int i = 0; i < 20'000; ++i) {
    m.change();
    const Access a = m.random_access();
    const Explained told = m.explain(a);
    const Explanation words = in_words(told, a.fetch ? AddressUse::fetch : AddressUse::read);
    const Answer got = m.mmu.translate(a);
    REQUIRE(told.now.refused == got.refused);
    REQUIRE(told.now.architectural == got.architectural);
    REQUIRE(told.now.vhpt_address == got.vhpt_address);
    REQUIRE(words.now.ok == (got.refused == 0));
    REQUIRE(words.now.why.empty() == words.now.ok);
    for (unsigned n = 0; n < 16; ++n) by_conditions[n] += got.refused >> n & 1;
    if ((got.refused & any_miss) == 0) {
      REQUIRE(told.now.pa == got.pa);
      REQUIRE(told.now.rights == got.rights);
      REQUIRE(told.now.page.key == got.page.key);
      REQUIRE(told.now.page.page_shift == got.page.page_shift);
    }
    granted += got.refused == 0;
    stale += !words.stale.empty();
  }
  CHECK(granted > 500);
  CHECK(stale > 100);
  for (unsigned n = 0; n < 10; ++n) CHECK(by_conditions[n] > 20);
}

TEST_CASE("explaining and listing leave the replacement order alone") {
  const auto run = [](bool looked_at) {
    Machine m(7, true, {32, 12});
    for (u64 i = 0; i < 20'000; ++i) {
      m.change();
      if (looked_at) m.explain({.va = i * 7 % 24 << 12, .walk = true});
      if (looked_at) m.mmu.held_translations(i % 2 != 0);
      m.mmu.translate(m.random_access());
    }
    return m.mmu.counters();
  };
  const MmuCounters a = run(false), b = run(true);
  CHECK(a.hits > 1'000);
  CHECK(std::memcmp(&a, &b, sizeof a) == 0);
}

TEST_CASE("the list of what is held is what is held") {
  Machine m(9, true, {32, 24});
  u64 registers = 0, cached = 0;
  for (int i = 0; i < 2'000; ++i) {
    m.change();
    m.mmu.translate(m.random_access());
    for (const bool fetch : {false, true})
      for (const HeldTranslation& held : m.mmu.held_translations(fetch)) {
        ++(held.slot ? registers : cached);
        for (unsigned region = 0; region < 8; ++region) {
          if (RegionRegister{m.mmu.region(region)}.rid() != held.page.rid) continue;
          const Explained told = m.explain({.va = u64{region} << 61 | held.page.va, .fetch = fetch});
          REQUIRE(told.held);
          REQUIRE(told.held->slot == held.slot);
          REQUIRE(told.held->page.pa == held.page.pa);
        }
      }
  }
  CHECK(registers > 1'000);
  CHECK(cached > 1'000);
}

TEST_CASE("a piece of the VHPT is decoded entry by entry") {
  std::vector<u8> frame(frame_size);
  const auto put = [&](unsigned at, std::initializer_list<u64> words) {
    std::memcpy(&frame[at], words.begin(), words.size() * 8);
  };
  put(32 * 3, {pte(0x5000, 2, 1), itir(12, 7), 0x1234});
  put(32 * 4, {pte(0x6000), itir(12), u64{1} << 63});  // emptied
  put(32 * 5, {pte(0x7000) | 2, itir(12), 0x77});      // reserved
  const auto entries = decode_vhpt(frame, true);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].index == 3);
  CHECK(entries[0].frame == 5u);
  CHECK(entries[0].means == "pl 1 ar 2 WB A D, 4 KiB, key 0x7, tag 0x1234");
  CHECK(decode_vhpt(frame, false).front().index == 12);
}

TEST_CASE("faults have the vectors that cores deliver") {
  CHECK(fault_vector(alternate_tlb, true) == 0x0c00);
  CHECK(fault_vector(alternate_tlb, false) == 0x1000);
  CHECK(fault_vector(tlb_miss, false) == 0x0800);
  CHECK(fault_vector(access_rights | dirty_bit, false) == 0x5300);  // the most urgent
  CHECK(fault_vector(key_miss | access_rights, true) == 0x1800);
}

TEST_CASE("registers that nobody has set are told, too") {
  FlatMemory memory(0x1000);
  Mmu mmu({memory, {TimingModel{}, {}, {}}});
  for (const bool walk : {false, true}) {
    const Explanation words = in_words(mmu.explain({.va = 0x5000, .walk = walk}), AddressUse::read);
    CHECK_FALSE(words.now.ok);
    REQUIRE(words.steps.size() >= 2);
    CHECK(words.steps[0].what == "rr0");
    CHECK(words.steps[0].means == "RID 0x0, 1 B, walker off");
  }
}
