// Random tables, random changes each followed by its invalidation, random accesses: both fidelities must
// give what a naive walk gives, and leave the same A and D bits.
#include <catch2/catch.hpp>
#include <random>

#include "tests/support/x86_tables.h"

using namespace xs;
using namespace xs::mmu;
using namespace xs::test;

namespace {

constexpr u64 memory_size = 0x80000, root = 0x10000;

TlbGeometry tiny() {
  TlbGeometry g;
  g.l1i_4k = {4, 2}, g.l1i_2m = {2, 1};
  g.l1d_4k = {4, 2}, g.l1d_2m = {2, 2}, g.l1d_1g = {0, 1};
  g.l2_4k2m = {12, 3}, g.l2_1g = {2, 1};
  g.walk_cache_entries = 2;
  return g;
}

/// Two machines with the same tables: one under the Mmu, one walked naively.
class Duel {
 public:
  Duel(u64 seed, Fidelity fidelity, const TlbGeometry& geometry)
      : random_(seed),
        exact_(fidelity == Fidelity::exact),
        mmu_(left_, TimingModel{}, fidelity, geometry),
        tables_(left_, root) {
    for (int i = 0; i < 60; ++i) map_random();
    right_.bytes() = left_.bytes();
    mmu_.set_control(long_mode(root));
  }

  void step() {
    switch (random_() % 24) {
      case 0:
        change_entry();
        break;
      case 1:
        change_control();
        break;
      case 2:
        mmu_.set_ac(random_() % 2 != 0);
        break;
      case 3:
        mmu_.flush_page(random_va());
        break;
      case 4:
        if (random_() % 8 == 0) mmu_.flush_nonglobal();
        break;
      default:
        access();
    }
  }
  u64 granted = 0, refused = 0;

 private:
  /// A small universe, so that pages of different sizes meet and TLB sets overflow.
  u64 random_va() {
    const u64 top = random_() % 2 ? 0xffff'8000'0000'0000 : 0;
    return top | (random_() % 2) << 39 | (random_() % 2) << 30 | (random_() % 3) << 21 |
           (random_() % 6) << 12 | (random_() % 4096);
  }
  u64 random_flags() {
    u64 flags = pte_p | pte_w | pte_u;
    const u64 dice = random_();
    if (dice % 8 == 0) flags &= ~pte_w;
    if (dice / 8 % 6 == 0) flags &= ~pte_u;
    if (dice / 64 % 12 == 0) flags &= ~pte_p;
    if (dice / 1024 % 8 == 0) flags |= pte_nx;
    if (dice / 8192 % 4 == 0) flags |= pte_g;
    return flags;
  }
  void map_random() {
    const u64 va = random_va();
    const unsigned shift = random_() % 8 == 0 ? 30 : random_() % 4 == 0 ? 21 : 12;
    for (unsigned level = 4; level > (shift - 12) / 9 + 1; --level) {
      const auto at = tables_.entry_pa(va, level);
      if (at && level < 4 && (left_.word(*at) & pte_ps)) return;  // a large page is in the way
    }
    if (const auto leaf = tables_.entry_pa(va, (shift - 12) / 9 + 1); leaf && left_.word(*leaf) != 0) return;
    tables_.map(va >> shift << shift, random_() % 64 << shift, random_flags(), shift, random_flags());
  }
  void change_entry() {
    const u64 va = random_va();
    unsigned level = 4;
    while (level > 1) {
      const u64 entry = left_.word(*tables_.entry_pa(va, level));
      if ((entry & 0x000ffffffffff000) == 0 || (level < 4 && (entry & pte_ps)) || random_() % 8 == 0) break;
      --level;
    }
    const u64 at = *tables_.entry_pa(va, level);
    u64 entry = left_.word(at);
    if ((entry & 0x000ffffffffff000) == 0) return;
    entry = (entry & ~(pte_p | pte_w | pte_u | pte_g | pte_nx)) | random_flags();
    if (random_() % 2) entry &= ~(pte_a | pte_d);
    left_.set_word(at, entry);
    right_.set_word(at, entry);
    if (level == 1)
      mmu_.flush_page(va);
    else
      mmu_.flush_all();
  }
  /// No invalidation on purpose: WP, SMEP, SMAP and NXE take effect on held entries.
  void change_control() {
    X86Control c = mmu_.control();
    switch (random_() % 4) {
      case 0:
        c.cr0 ^= u64{1} << 16;
        break;
      case 1:
        c.cr4 ^= u64{1} << 20;
        break;
      case 2:
        c.cr4 ^= u64{1} << 21;
        break;
      default:
        if (random_() % 4 == 0) c.efer ^= u64{1} << 11;
    }
    mmu_.set_control(c);
  }
  void access() {
    const Access a{random_va(), static_cast<AccessKind>(random_() % 3), random_() % 2 != 0,
                   random_() % 8 == 0};
    const Translation got = mmu_.translate(a);
    const NaiveResult want = naive_walk(right_, mmu_.control(), a);
    REQUIRE(got.ok == want.ok);
    ++(got.ok ? granted : refused);
    if (!got.ok) {
      REQUIRE(got.error_code == want.error_code);
    } else {
      REQUIRE(got.pa == want.pa);
      // exact: L1I may hold an older, clean copy of an entry that a store through L1D has made dirty.
      if (exact_ && a.kind == AccessKind::fetch)
        REQUIRE(got.write <= want.writable_now);
      else
        REQUIRE(got.write == want.writable_now);
      REQUIRE(mmu_.maps_frame(got.pa >> 12));
    }
    REQUIRE(left_.bytes() == right_.bytes());
  }

  std::mt19937_64 random_;
  const bool exact_;
  FlatMemory left_{memory_size}, right_{memory_size};
  Mmu mmu_;
  X86Tables tables_;
};

}  // namespace

TEST_CASE("random tables and accesses agree with a naive walk") {
  const Fidelity fidelity = GENERATE(Fidelity::fast, Fidelity::exact);
  const bool small = GENERATE(true, false);
  const u64 seed = GENERATE(range(1, 7));
  Duel duel(seed, fidelity, small ? tiny() : TlbGeometry{});
  for (int i = 0; i < 4000; ++i) duel.step();
  REQUIRE(duel.granted > 200);
  REQUIRE(duel.refused > 200);
}

TEST_CASE("two runs count the same") {
  auto run = [] {
    FlatMemory memory(memory_size);
    X86Tables tables(memory, root);
    for (u64 n = 0; n < 40; ++n) tables.map(n << 12, 0x7000);
    Mmu mmu(memory, TimingModel{}, Fidelity::exact, tiny());
    mmu.set_control(long_mode(root));
    std::mt19937_64 random(9);
    for (int i = 0; i < 20'000; ++i) mmu.translate({random() % 40 << 12, AccessKind::read, false, false});
    return mmu.counters();
  };
  const MmuCounters a = run(), b = run();
  REQUIRE(a.l1_hits == b.l1_hits);
  REQUIRE(a.l2_hits == b.l2_hits);
  REQUIRE(a.misses == b.misses);
  REQUIRE(a.accesses == a.l1_hits + a.l2_hits + a.misses);
  REQUIRE(a.misses > 10'000);
}

TEST_CASE("repeat() leaves the counts and the replacement order that translate() would") {
  const bool small = GENERATE(true, false);
  u64 repeats = 0;
  auto run = [&](bool repeat) {
    FlatMemory memory(memory_size);
    X86Tables tables(memory, root);
    for (u64 n = 0; n < 24; ++n) tables.map(n << 12, 0x7000, n % 3 ? pte_p | pte_w | pte_u : pte_p);
    Mmu mmu(memory, TimingModel{}, Fidelity::exact, small ? tiny() : TlbGeometry{});
    mmu.set_control(long_mode(root));
    std::mt19937_64 random(small ? 3 : 4);
    u64 va = 0;
    for (int i = 0; i < 50'000; ++i) {
      if (random() % 3 == 0) va = random() % 24 << 12;
      const Access access{va, static_cast<AccessKind>(random() % 3), random() % 2 != 0, false};
      const bool known = repeat && mmu.repeat(access);
      repeats += known;
      if (!known) mmu.translate(access);
      if (random() % 500 == 0) mmu.flush_page(random() % 24 << 12);
      if (random() % 2000 == 0) mmu.flush_nonglobal();
      if (random() % 2000 == 0) {
        X86Control c = mmu.control();
        c.cr0 ^= u64{1} << 16;  // WP
        mmu.set_control(c);
      }
    }
    return mmu.counters();
  };
  const MmuCounters a = run(false), b = run(true);
  REQUIRE(repeats > 5'000);
  REQUIRE(a.accesses == b.accesses);
  REQUIRE(a.l1_hits == b.l1_hits);
  REQUIRE(a.l2_hits == b.l2_hits);
  REQUIRE(a.misses == b.misses);
  REQUIRE(a.upgrades == b.upgrades);
  REQUIRE(a.faults == b.faults);
  REQUIRE(a.faults > 1'000);
}
