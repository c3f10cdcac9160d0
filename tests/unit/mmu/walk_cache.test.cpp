// Paging-structure caches, seen through the number of table reads.
#include <catch2/catch.hpp>

#include "tests/support/x86_tables.h"

using namespace xs;
using namespace xs::mmu;
using namespace xs::test;

namespace {

struct Bench {
  explicit Bench(u32 cache_entries, Fidelity fidelity = Fidelity::fast)
      : tables(memory, 0x10000), mmu(memory, TimingModel{}, fidelity, geometry(cache_entries)) {
    mmu.set_control(long_mode(0x10000));
  }
  static TlbGeometry geometry(u32 cache_entries) {
    TlbGeometry g;
    g.walk_cache_entries = cache_entries;
    return g;
  }
  u64 reads(u64 va, AccessKind kind = AccessKind::read) {
    const u64 before = mmu.counters().walk_reads;
    mmu.translate({va, kind, false, false});
    return mmu.counters().walk_reads - before;
  }

  FlatMemory memory{0x200000};
  X86Tables tables;
  Mmu mmu;
};

}  // namespace

TEST_CASE("a walk starts at the deepest cached table") {
  Bench b(32);
  b.tables.map(0x5000, 0x7000);
  b.tables.map(0x6000, 0x8000);                   // same page table
  b.tables.map(0x5000 + (u64{1} << 21), 0x9000);  // same page directory
  b.tables.map(0x5000 + (u64{1} << 30), 0xa000);  // same PDPT
  b.tables.map(0x5000 + (u64{1} << 39), 0xb000);  // only the root in common
  REQUIRE(b.reads(0x5000) == 4);
  REQUIRE(b.reads(0x6000) == 1);
  REQUIRE(b.reads(0x5000 + (u64{1} << 21)) == 2);
  REQUIRE(b.reads(0x5000 + (u64{1} << 30)) == 3);
  REQUIRE(b.reads(0x5000 + (u64{1} << 39)) == 4);
  REQUIRE(b.mmu.counters().walk_cache_hits == 3);
  REQUIRE(b.mmu.translate({0x5000, AccessKind::read, false, false}).cycles == 0);
}

TEST_CASE("cost of a walk: reads and A/D updates under the timing model") {
  Bench b(32);
  b.tables.map(0x5000, 0x7000);
  const TimingModel timing;
  REQUIRE(b.mmu.translate({0x5000, AccessKind::read, false, false}).cycles ==
          4 * timing.walk_access + 4 * timing.ad_update);
  REQUIRE(b.mmu.translate({0x5000, AccessKind::write, false, false}).cycles ==
          timing.walk_access + timing.ad_update);
}

TEST_CASE("without caches every walk reads from the root") {
  Bench b(0);
  b.tables.map(0x5000, 0x7000);
  b.tables.map(0x6000, 0x8000);
  REQUIRE(b.reads(0x5000) == 4);
  REQUIRE(b.reads(0x6000) == 4);
  REQUIRE(b.mmu.counters().walk_cache_hits == 0);
}

TEST_CASE("every flush empties the caches, INVLPG of an unrelated address too") {
  Bench b(32);
  b.tables.map(0x5000, 0x7000);
  b.tables.map(0x6000, 0x8000);
  b.reads(0x5000);
  SECTION("INVLPG") { b.mmu.flush_page(u64{1} << 45); }
  SECTION("MOV to CR3") { b.mmu.flush_nonglobal(); }
  SECTION("all") { b.mmu.flush_all(); }
  REQUIRE(b.reads(0x6000) == 4);
}

TEST_CASE("a stale directory entry stays in use until invalidated") {
  Bench b(32);
  b.tables.map(0x5000, 0x7000);
  b.tables.map(0x6000, 0x8000);
  b.reads(0x5000);
  const u64 old_pde = b.tables.entry(0x5000, 2);
  b.tables.set_entry(0x5000, 2, 0x100000 | pte_p | pte_w);  // another, empty page table
  REQUIRE(b.mmu.translate({0x6000, AccessKind::read, false, false}).pa == 0x8000);
  b.mmu.flush_page(0x6000);
  REQUIRE_FALSE(b.mmu.translate({0x6000, AccessKind::read, false, false}).ok);
  b.tables.set_entry(0x5000, 2, old_pde);
  REQUIRE(b.mmu.translate({0x6000, AccessKind::read, false, false}).ok);
}

TEST_CASE("a page fault drops the cached tables of its address only") {
  Bench b(32);
  b.tables.map(0x5000, 0x7000);
  b.tables.map(0x5000 + (u64{1} << 39), 0xb000);
  b.reads(0x5000);
  b.reads(0x5000 + (u64{1} << 39));
  REQUIRE(b.reads(0x7000) == 1);  // not present
  REQUIRE(b.reads(0x7000) == 4);
  REQUIRE(b.reads(0x6000 + (u64{1} << 39)) == 1);
}

TEST_CASE("a cache replaces its least recently used table") {
  Bench b(2);
  for (u64 n = 0; n < 3; ++n) {
    for (u64 page = 0; page < 4; ++page) b.tables.map((n << 39) + (page << 12), 0x7000);
  }
  b.reads(u64{0} << 39);
  b.reads(u64{1} << 39);
  REQUIRE(b.reads((u64{0} << 39) + 0x1000) == 1);  // 0 is younger than 1 now
  REQUIRE(b.reads(u64{2} << 39) == 4);             // takes 1's place
  REQUIRE(b.reads((u64{0} << 39) + 0x2000) == 1);
  // The PDE cache lost 1, but the PDPTE cache, which a PDE hit does not touch, lost 0.
  REQUIRE(b.reads((u64{1} << 39) + 0x1000) == 2);
}

TEST_CASE("cached rights of upper levels are applied") {
  Bench b(32);
  b.tables.map(0x5000, 0x7000, pte_p | pte_w | pte_u, 12, pte_p);  // tables above: supervisor, read-only, and
  b.tables.map(0x6000, 0x8000, pte_p | pte_w | pte_u);
  REQUIRE(b.reads(0x5000) == 4);
  REQUIRE(b.mmu.translate({0x6000, AccessKind::read, true, false}).error_code == 5);
  REQUIRE(b.reads(0x5000, AccessKind::write) > 0);
  REQUIRE(b.mmu.translate({0x6000, AccessKind::write, false, false}).error_code == 3);
}

TEST_CASE("an XD table cached under NXE is found reserved once NXE is off") {
  Bench b(32);
  b.tables.map(0x5000, 0x7000, pte_p, 12, pte_p | pte_nx);
  b.tables.map(0x6000, 0x8000, pte_p);
  REQUIRE(b.mmu.translate({0x5000, AccessKind::read, false, false}).ok);
  X86Control control = b.mmu.control();
  control.efer &= ~u64{0x800};
  b.mmu.set_control(control);
  REQUIRE(b.mmu.translate({0x6000, AccessKind::read, false, false}).error_code == 9);
}
