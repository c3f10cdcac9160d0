// What software can observe over time: staleness, invalidation, global pages, A/D, control changes, modes.
#include <catch2/catch.hpp>

#include "tests/support/x86_tables.h"

using namespace xs;
using namespace xs::mmu;
using namespace xs::test;

namespace {

constexpr Access load(u64 va) { return {va, AccessKind::read, false, false}; }
constexpr Access store(u64 va) { return {va, AccessKind::write, false, false}; }
constexpr Access fetch(u64 va) { return {va, AccessKind::fetch, false, false}; }
constexpr Access user_load(u64 va) { return {va, AccessKind::read, true, false}; }
constexpr Access implicit_load(u64 va) { return {va, AccessKind::read, false, true}; }

struct Bench {
  explicit Bench(Fidelity fidelity, TlbGeometry geometry = {})
      : tables(memory, 0x10000), mmu(memory, TimingModel{}, fidelity, geometry) {
    mmu.set_control(long_mode(0x10000));
  }
  bool event(const Access& access) {
    bool architectural = false;
    mmu.translate(access, &architectural);
    return architectural;
  }
  u64 pa(const Access& access) { return mmu.translate(access).pa; }
  void control(void (*change)(X86Control&)) {
    X86Control c = mmu.control();
    change(c);
    mmu.set_control(c);
  }

  FlatMemory memory{0x80000};
  X86Tables tables;
  Mmu mmu;
};

Fidelity both() { return GENERATE(Fidelity::fast, Fidelity::exact); }

}  // namespace

TEST_CASE("a stale translation stays usable until invalidated, and no longer") {
  Bench b(both());
  b.tables.map(0x5000, 0x7000);
  REQUIRE(b.pa(store(0x5010)) == 0x7010);
  b.tables.map(0x5000, 0x8000);
  REQUIRE(b.pa(load(0x5010)) == 0x7010);
  REQUIRE(b.pa(store(0x5010)) == 0x7010);
  REQUIRE(b.mmu.maps_frame(7));
  REQUIRE_FALSE(b.mmu.maps_frame(8));
  u64 probed = 0;
  REQUIRE(b.mmu.probe(0x5010, probed));
  REQUIRE(probed == 0x8010);  // the tables, not the TLB
  b.mmu.flush_page(0x5fff);
  REQUIRE(b.pa(load(0x5010)) == 0x8010);
  b.tables.set_entry(0x5000, 1, 0);
  REQUIRE(b.pa(load(0x5010)) == 0x8010);
  b.mmu.flush_nonglobal();
  REQUIRE(b.mmu.translate(load(0x5010)).error_code == 0);
  REQUIRE_FALSE(b.mmu.translate(load(0x5010)).ok);
}

TEST_CASE("a translation that was refused is never remembered") {
  Bench b(both());
  b.tables.map(0x5000, 0x7000, 0);
  REQUIRE_FALSE(b.mmu.translate(load(0x5000)).ok);
  b.tables.map(0x5000, 0x7000);
  REQUIRE(b.mmu.translate(load(0x5000)).ok);  // not-present to present needs no invalidation
}

TEST_CASE("rights given later in the tables are found by walking again") {
  Bench b(both());
  b.tables.map(0x5000, 0x7000, pte_p);
  REQUIRE(b.mmu.translate(load(0x5000)).ok);
  REQUIRE(b.mmu.translate(store(0x5000)).error_code == 3);
  REQUIRE(b.mmu.translate(load(0x5000)).ok);
  b.tables.map(0x5000, 0x7000, pte_p | pte_w);
  REQUIRE(b.mmu.translate(store(0x5000)).ok);
}

TEST_CASE("rights taken away in the tables stay until invalidated") {
  Bench b(both());
  b.tables.map(0x5000, 0x7000);
  REQUIRE(b.mmu.translate(store(0x5000)).ok);
  b.tables.map(0x5000, 0x7000, pte_p);
  REQUIRE(b.mmu.translate(store(0x5000)).ok);
  b.mmu.flush_page(0x5000);
  REQUIRE(b.mmu.translate(store(0x5000)).error_code == 3);
}

TEST_CASE("a page fault drops what both sides held for its address") {
  Bench b(both());
  b.tables.map(0x5000, 0x7000, pte_p);
  REQUIRE(b.mmu.translate(fetch(0x5000)).ok);
  REQUIRE(b.mmu.translate(load(0x5000)).ok);
  REQUIRE(b.mmu.translate(store(0x5000)).error_code == 3);
  REQUIRE_FALSE(b.mmu.maps_frame(7));
  b.tables.map(0x5000, 0x8000, pte_p);
  REQUIRE(b.pa(fetch(0x5000)) == 0x8000);
}

TEST_CASE("a small stale page gives way to the large one that a second walk finds") {
  TlbGeometry no_walk_caches;
  no_walk_caches.walk_cache_entries = 0;
  Bench b(both(), no_walk_caches);
  b.tables.map(0x205000, 0x7000, pte_p);
  REQUIRE(b.pa(load(0x205000)) == 0x7000);
  b.tables.set_entry(0x205000, 2, 0x400000 | pte_p | pte_w | pte_ps);
  REQUIRE(b.pa(store(0x205000)) == 0x405000);
  REQUIRE_FALSE(b.event(store(0x205000)));
  REQUIRE(b.pa(load(0x205000)) == 0x405000);
}

TEST_CASE("global pages survive MOV to CR3 and nothing else") {
  Bench b(both());
  b.tables.map(0x5000, 0x7000, pte_p | pte_g);
  b.tables.map(0x6000, 0x8000, pte_p);
  REQUIRE(b.mmu.translate(load(0x5000)).global);
  REQUIRE_FALSE(b.mmu.translate(load(0x6000)).global);
  b.mmu.flush_nonglobal();
  REQUIRE_FALSE(b.event(load(0x5000)));
  REQUIRE(b.event(load(0x6000)));
  b.mmu.flush_page(0x5000);
  REQUIRE(b.event(load(0x5000)));
  b.mmu.flush_all();
  REQUIRE(b.event(load(0x5000)));
}

TEST_CASE("without CR4.PGE the G bit means nothing") {
  Bench b(both());
  b.control([](X86Control& c) { c.cr4 &= ~u64{0x80}; });
  b.tables.map(0x5000, 0x7000, pte_p | pte_g);
  REQUIRE_FALSE(b.mmu.translate(load(0x5000)).global);
  b.mmu.flush_nonglobal();
  REQUIRE(b.event(load(0x5000)));
}

TEST_CASE("INVLPG drops a large page by any address in it") {
  Bench b(both());
  const unsigned shift = GENERATE(21u, 30u);
  b.tables.map(u64{1} << 30, u64{2} << 30, pte_p | pte_w, shift);
  const u64 last = (u64{1} << 30) + (u64{1} << shift) - 1;
  REQUIRE(b.pa(load(last)) == (u64{2} << 30) + (u64{1} << shift) - 1);
  REQUIRE_FALSE(b.event(load(u64{1} << 30)));
  b.mmu.flush_page(last - 0x1000);
  REQUIRE(b.event(load(u64{1} << 30)));
}

TEST_CASE("A is set by a read, D by a write, and the write right waits for D") {
  Bench b(both());
  b.tables.map(0x5000, 0x7000);
  const Translation read = b.mmu.translate(load(0x5000));
  REQUIRE(read.read);
  REQUIRE_FALSE(read.write);
  REQUIRE(read.execute);
  REQUIRE((b.tables.entry(0x5000, 1) & (pte_a | pte_d)) == pte_a);
  for (unsigned level : {2u, 3u, 4u}) REQUIRE((b.tables.entry(0x5000, level) & (pte_a | pte_d)) == pte_a);
  REQUIRE(b.mmu.counters().ad_updates == 4);
  bool architectural = false;
  const Translation write = b.mmu.translate(store(0x5000), &architectural);
  REQUIRE(architectural);
  REQUIRE(write.write);
  REQUIRE((b.tables.entry(0x5000, 1) & pte_d) != 0);
  REQUIRE(b.mmu.counters().ad_updates == 5);
  REQUIRE(b.mmu.counters().upgrades == 1);
  REQUIRE_FALSE(b.event(store(0x5000)));
}

TEST_CASE("D is set through a TLB entry only by walking the tables again") {
  Bench b(both());
  b.tables.map(0x5000, 0x7000);
  b.mmu.translate(load(0x5000));
  b.tables.map(0x5000, 0x8000);  // changed under a clean entry
  REQUIRE(b.pa(store(0x5000)) == 0x8000);
  REQUIRE((b.tables.entry(0x5000, 1) & pte_d) != 0);
}

TEST_CASE("clearing A or D without invalidation is not noticed; with it, it is") {
  Bench b(both());
  b.tables.map(0x5000, 0x7000);
  b.mmu.translate(store(0x5000));
  b.tables.map(0x5000, 0x7000);  // A and D cleared
  b.mmu.translate(store(0x5000));
  REQUIRE((b.tables.entry(0x5000, 1) & (pte_a | pte_d)) == 0);
  b.mmu.flush_page(0x5000);
  b.mmu.translate(store(0x5000));
  REQUIRE((b.tables.entry(0x5000, 1) & (pte_a | pte_d)) == (pte_a | pte_d));
}

TEST_CASE("a write that faults sets no D and no A in the leaf") {
  Bench b(both());
  b.tables.map(0x5000, 0x7000, pte_p);
  REQUIRE_FALSE(b.mmu.translate(store(0x5000)).ok);
  REQUIRE((b.tables.entry(0x5000, 1) & (pte_a | pte_d)) == 0);
}

TEST_CASE("control bits are judged at each ask, on entries already held") {
  Bench b(both());
  b.tables.map(0x5000, 0x7000, pte_p | pte_u | pte_d, 12, pte_p | pte_u);
  REQUIRE(b.mmu.translate(load(0x5000)).read);

  SECTION("WP") {
    REQUIRE(b.mmu.translate(store(0x5000)).error_code == 3);
    b.control([](X86Control& c) { c.cr0 &= ~u64{0x10000}; });
    REQUIRE(b.mmu.translate(store(0x5000)).write);
    b.control([](X86Control& c) { c.cr0 |= 0x10000; });
    REQUIRE(b.mmu.translate(store(0x5000)).error_code == 3);
  }
  SECTION("SMEP") {
    REQUIRE(b.mmu.translate(fetch(0x5000)).execute);
    b.control([](X86Control& c) { c.cr4 |= 1 << 20; });
    REQUIRE_FALSE(b.mmu.translate(load(0x5000)).execute);
    REQUIRE(b.mmu.translate(fetch(0x5000)).error_code == 0x11);
  }
  SECTION("SMAP and AC") {
    b.control([](X86Control& c) { c.cr4 |= 1 << 21; });
    REQUIRE(b.mmu.translate(load(0x5000)).error_code == 1);
    b.mmu.set_ac(true);
    REQUIRE(b.mmu.translate(load(0x5000)).ok);
    REQUIRE(b.mmu.translate(implicit_load(0x5000)).error_code == 1);
    b.mmu.set_ac(false);
    REQUIRE(b.mmu.translate(user_load(0x5000)).ok);
    REQUIRE(b.mmu.translate(fetch(0x5000)).ok);  // SMAP is about data
  }
}

TEST_CASE("an implicit access at CPL 3 is a supervisor access") {
  Bench b(both());
  b.tables.map(0x5000, 0x7000, pte_p);
  REQUIRE(b.mmu.translate({0x5000, AccessKind::read, true, true}).ok);
  REQUIRE(b.mmu.translate({0x5000, AccessKind::read, true, false}).error_code == 5);
}

TEST_CASE("an entry made under NXE is not used with NXE off") {
  Bench b(both());
  b.tables.map(0x5000, 0x7000, pte_p | pte_nx);
  REQUIRE(b.mmu.translate(load(0x5000)).ok);
  b.control([](X86Control& c) { c.efer &= ~u64{0x800}; });
  REQUIRE(b.mmu.translate(load(0x5000)).error_code == 9);
}

TEST_CASE("fast: what was granted once is silent whoever asks later") {
  Bench b(Fidelity::fast);
  b.tables.map(0x5000, 0x7000);
  REQUIRE(b.event(store(0x5000)));
  const MmuCounters before = b.mmu.counters();
  for (int i = 0; i < 3; ++i) {
    for (const Access& a :
         {load(0x5fff), store(0x5001), fetch(0x5000), user_load(0x5008), implicit_load(0x5010)}) {
      bool architectural = true;
      REQUIRE(b.mmu.translate(a, &architectural).cycles == 0);
      REQUIRE_FALSE(architectural);
    }
  }
  REQUIRE(b.mmu.counters().accesses == before.accesses);
  REQUIRE(b.mmu.counters().walks == before.walks);
}

TEST_CASE("exact: every access is counted where it was answered") {
  Bench b(Fidelity::exact);
  for (u64 page = 0; page < 5; ++page) b.tables.map(page * 16 << 12, 0x7000);  // one L1D set, 4 ways
  for (u64 page = 0; page < 5; ++page) b.mmu.translate(load(page * 16 << 12));
  const Translation t = b.mmu.translate(load(0));
  REQUIRE(t.cycles == TimingModel{}.tlb_l2_hit);
  REQUIRE(b.mmu.translate(load(0)).cycles == 0);
  const MmuCounters& n = b.mmu.counters();
  REQUIRE(n.accesses == 7);
  REQUIRE(n.misses == 5);
  REQUIRE(n.l2_hits == 1);
  REQUIRE(n.l1_hits == 1);
}

TEST_CASE("paging off: addresses pass, nothing is cached") {
  Bench b(both());
  b.control([](X86Control& c) { c.cr0 = 0x11; });
  const Translation t = b.mmu.translate(store(0xfee00300));
  REQUIRE((t.ok && t.read && t.write && t.execute));
  REQUIRE(t.pa == 0xfee00300);
  REQUIRE_FALSE(b.mmu.maps_frame(0xfee00));
  REQUIRE(b.mmu.counters().walks == 0);
}

TEST_CASE("paging modes that are not modelled say so") {
  Bench b(both());
  SECTION("32-bit paging") {
    b.control([](X86Control& c) {
      c.cr4 = 0;
      c.efer = 0;
    });
  }
  SECTION("PAE paging") {
    b.control([](X86Control& c) { c.efer = 0; });
  }
  SECTION("five levels") {
    b.control([](X86Control& c) { c.cr4 |= 1 << 12; });
  }
  b.tables.map(0x5000, 0x7000);
  REQUIRE(b.mmu.translate(load(0x5000)).failure == Failure::unsupported_mode);
  u64 pa = 0;
  REQUIRE_FALSE(b.mmu.probe(0x5000, pa));
}

TEST_CASE("non-canonical addresses are no page faults") {
  Bench b(both());
  REQUIRE(is_canonical(0x0000'7fff'ffff'ffff));
  REQUIRE(is_canonical(0xffff'8000'0000'0000));
  const u64 va = GENERATE(u64{0x0000'8000'0000'0000}, u64{0xffff'7fff'ffff'ffff}, u64{1} << 63);
  REQUIRE_FALSE(is_canonical(va));
  REQUIRE(b.mmu.translate(load(va)).failure == Failure::non_canonical);
  REQUIRE(b.mmu.counters().walks == 0);
}

TEST_CASE("tables where nothing answers are reported, and read as not present") {
  Bench b(both());
  b.tables.map(0x5000, 0x7000);
  b.tables.set_entry(0x5000, 3, u64{1} << 40 | pte_p | pte_w);
  const Translation t = b.mmu.translate(load(0x5000));
  REQUIRE_FALSE(t.ok);
  REQUIRE(t.table_abort);
  REQUIRE(t.error_code == 0);
}

TEST_CASE("probe has no side effect") {
  Bench b(both());
  b.tables.map(0x5000, 0x7000, pte_p);
  const std::vector<u8> before = b.memory.bytes();
  u64 pa = 0;
  REQUIRE(b.mmu.probe(0x5123, pa));
  REQUIRE(pa == 0x7123);
  REQUIRE_FALSE(b.mmu.probe(0x6000, pa));
  REQUIRE(b.memory.bytes() == before);
  REQUIRE(b.memory.writes == 0);
  REQUIRE(b.mmu.counters().walks == 0);
  REQUIRE(b.event(load(0x5123)));
}
