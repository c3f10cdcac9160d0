// Random tables, random changes each followed by its invalidation, random accesses: both fidelities must
// give what a naive walk gives, and leave the same A and D bits.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <string_view>

#include "sim/mmu/walk_x86/explain.h"
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
  /// Without `flushes` entries change and nobody is told: what is held gets stale, and naive walks do not
  /// apply.
  Duel(u64 seed, Fidelity fidelity, const TlbGeometry& geometry, bool flushes = true)
      : random_(seed),
        exact_(fidelity == Fidelity::exact),
        flushes_(flushes),
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
  u64 granted = 0, refused = 0, stale = 0, stale_caches = 0;
  const Mmu& mmu() const { return mmu_; }

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
    const bool leaf = level == 1 || (level < 4 && (entry & pte_ps));
    if (!flushes_ && leaf) entry ^= (random_() % 4) << (12 + 9 * (level - 1));
    left_.set_word(at, entry);
    right_.set_word(at, entry);
    if (!flushes_) return;
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
    const x86::Explained told = explain(a);
    const Translation got = mmu_.translate(a);
    REQUIRE(told.now.ok == got.ok);
    REQUIRE(told.now.failure == got.failure);
    REQUIRE(told.now.error_code == got.error_code);
    REQUIRE(told.now.pa == got.pa);
    REQUIRE(told.now.page_shift == got.page_shift);
    REQUIRE(told.now.read == got.read);
    REQUIRE(told.now.write == got.write);
    REQUIRE(told.now.execute == got.execute);
    REQUIRE(told.now.global == got.global);
    if (!flushes_) {
      ++(got.ok ? granted : refused);
      return;
    }
    const NaiveResult want = naive_walk(right_, mmu_.control(), a);
    REQUIRE(got.ok == want.ok);
    ++(got.ok ? granted : refused);
    REQUIRE((told.tables.end == x86::WalkEnd::page) == want.ok);
    if (!got.ok) {
      REQUIRE(got.error_code == want.error_code);
      REQUIRE(told.tables.error_code == want.error_code);
    } else {
      REQUIRE(told.tables.pa == want.pa);
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

  /// Nothing may come of it.
  x86::Explained explain(const Access& a) {
    const MmuCounters before = mmu_.counters();
    const u64 writes = left_.writes;
    const x86::Explained told = mmu_.explain(a);
    const Explanation words = x86::in_words(told);
    REQUIRE(std::memcmp(&before, &mmu_.counters(), sizeof before) == 0);
    REQUIRE(left_.writes == writes);
    REQUIRE(words.now.ok == told.now.ok);
    REQUIRE(words.now.why.empty() == told.now.ok);
    REQUIRE((words.hit ? words.held.has_value() : true));
    const bool differs = told.held && (!told.tables.mapped() || told.held->translate(a.va) != told.tables.pa);
    REQUIRE((!differs || !words.stale.empty()));
    stale += differs, stale_caches += told.cache_stale;
    // EFER.NXE off makes NX a reserved bit of what is already held.
    const bool told_of_changes = flushes_ && (mmu_.control().efer >> 11 & 1) != 0;
    if (told_of_changes) REQUIRE_FALSE((differs || told.cache_stale));
    return told;
  }

  std::mt19937_64 random_;
  const bool exact_, flushes_;
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

TEST_CASE("what is explained is what the next access gets, also by what is stale") {
  const Fidelity fidelity = GENERATE(Fidelity::fast, Fidelity::exact);
  const bool small = GENERATE(true, false);
  u64 granted = 0, refused = 0, stale = 0, stale_caches = 0;
  for (u64 seed = 20; seed < 26; ++seed) {
    Duel duel(seed, fidelity, small ? tiny() : TlbGeometry{}, false);
    for (int i = 0; i < 8000; ++i) duel.step();
    granted += duel.granted, refused += duel.refused, stale += duel.stale;
    stale_caches += duel.stale_caches;
  }
  CHECK(granted > 2000);
  CHECK(refused > 2000);
  CHECK(stale > 200);
  CHECK((small || stale_caches > 0));  // two cached tables are soon others
}

TEST_CASE("explaining and listing leave the replacement order alone") {
  auto run = [](bool looked_at) {
    FlatMemory memory(memory_size);
    X86Tables tables(memory, root);
    for (u64 n = 0; n < 40; ++n) tables.map(n << (n % 2 ? 12 : 30), 0x7000);
    Mmu mmu(memory, TimingModel{}, Fidelity::exact, tiny());
    mmu.set_control(long_mode(root));
    std::mt19937_64 random(11);
    std::size_t listed = 0;
    for (int i = 0; i < 20'000; ++i) {
      const u64 n = random() % 40;
      if (looked_at) mmu.explain({u64(i) * 7 % 40 << 12, AccessKind::fetch, false, false});
      if (looked_at && i % 64 == 0) listed += mmu.held_entries().size();
      mmu.translate({n << (n % 2 ? 12 : 30), n % 3 ? AccessKind::read : AccessKind::fetch, false, false});
    }
    CHECK((listed != 0) == looked_at);
    return mmu.counters();
  };
  const MmuCounters a = run(false), b = run(true);
  CHECK(a.misses > 1'000);
  CHECK(std::memcmp(&a, &b, sizeof a) == 0);
}

TEST_CASE("the list of what is held is what is held") {
  const Fidelity fidelity = GENERATE(Fidelity::fast, Fidelity::exact);
  Duel duel(3, fidelity, TlbGeometry{}, false);
  u64 compared = 0;
  for (int i = 0; i < 400; ++i) {
    for (int k = 0; k < 10; ++k) duel.step();
    const std::vector<TlbSlot> all = duel.mmu().held_entries();
    for (const TlbSlot& slot : all) {
      const bool fetch = std::string_view(slot.array).starts_with("L1I");
      const auto told =
          duel.mmu().explain({slot.va, fetch ? AccessKind::fetch : AccessKind::read, false, false});
      REQUIRE(told.held);
      REQUIRE(duel.mmu().maps_frame(slot.entry.translate(slot.va) >> frame_shift));
      // The smallest page is asked for first, a first level before the second.
      REQUIRE(told.held->shift <= slot.entry.shift);
      const HeldPage page = x86::held_page(slot, duel.mmu().control());
      REQUIRE(page.pa == slot.entry.translate(slot.va));
      REQUIRE(page.global == slot.entry.global);
      ++compared;
    }
    for (int k = 0; k < 4; ++k) {  // and nothing is missing
      const u64 va = u64(k) << 12;
      const auto told = duel.mmu().explain({va, AccessKind::read, true, false});
      const bool listed = std::any_of(all.begin(), all.end(), [&](const TlbSlot& s) {
        return s.entry.covers(va) && s.entry.shift == (told.held ? told.held->shift : 0) &&
               !std::string_view(s.array).starts_with("L1I");
      });
      REQUIRE(listed == told.held.has_value());
    }
  }
  REQUIRE(compared > 1'000);
}

TEST_CASE("a table is decoded entry by entry") {
  FlatMemory memory(memory_size);
  X86Tables tables(memory, root);
  tables.map(0x5000, 0x7000, pte_p | pte_w | pte_nx);
  tables.map(u64{1} << 30, u64{3} << 30, pte_p | pte_w | pte_u | pte_g, 30);
  const auto decode = [&](u64 va, unsigned level) {
    const u64 table = *tables.entry_pa(va, level) & ~frame_mask;
    return x86::decode_table(std::span(memory.bytes()).subspan(table, frame_size), level);
  };
  const auto leaves = decode(0x5000, 1);
  REQUIRE(leaves.size() == 1);
  CHECK(leaves[0].index == 5);
  CHECK(leaves[0].frame == 7u);
  CHECK(leaves[0].means == "P W NX");
  const auto large = decode(0, 3);
  REQUIRE(large.size() == 2);
  CHECK(large[1].index == 1);
  CHECK(large[1].frame == u64{3} << 18);
  CHECK(large[1].means == "P W U PS G");
  memory.set_word(*tables.entry_pa(0x6000, 1), 0x1234'5000);  // swapped out, as kernels do
  const auto two = decode(0x5000, 1);
  REQUIRE(two.size() == 2);
  CHECK(two[1].means == "not present");
  CHECK_FALSE(two[1].frame);
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
