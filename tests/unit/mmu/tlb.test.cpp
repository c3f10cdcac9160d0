// Geometry: associativity, true LRU, page sizes sharing an array, large pages held in pieces.
#include <algorithm>
#include <catch2/catch.hpp>
#include <list>
#include <map>
#include <random>

#include "sim/core/error.h"
#include "sim/mmu/tlb/set_associative_tlb.h"
#include "sim/mmu/tlb/tlb_hierarchy.h"
#include "sim/mmu/tlb/unbounded_tlb.h"

using namespace xs;
using namespace xs::mmu;

namespace {

TlbEntry page(u64 va, u64 pa, unsigned shift = 12, bool global = false) {
  return {va >> shift << shift, pa >> shift << shift, static_cast<u8>(shift), 0, global};
}

/// A set as a list, most recently used first: the textbook's LRU.
class ReferenceTlb {
 public:
  ReferenceTlb(u32 entries, u32 ways) : ways_(ways), sets_(entries / ways) {}
  bool touch(u64 vpn) {
    std::list<u64>& set = sets_[vpn % sets_.size()];
    const auto it = std::find(set.begin(), set.end(), vpn);
    if (it == set.end()) return false;
    set.splice(set.begin(), set, it);
    return true;
  }
  void insert(u64 vpn) {
    if (touch(vpn)) return;
    std::list<u64>& set = sets_[vpn % sets_.size()];
    set.push_front(vpn);
    if (set.size() > ways_) set.pop_back();
  }
  void drop(u64 vpn) { sets_[vpn % sets_.size()].remove(vpn); }

 private:
  u32 ways_;
  std::vector<std::list<u64>> sets_;
};

}  // namespace

TEST_CASE("a full set replaces its least recently used way") {
  SetAssociativeTlb tlb(16, 4);                 // 4 sets
  auto va = [](u64 n) { return n * 4 << 12; };  // all in set 0
  for (u64 n = 0; n < 4; ++n) tlb.insert(page(va(n), va(n)), va(n), 12);
  REQUIRE(tlb.find(va(0), 12) != nullptr);  // 0 is now the youngest, 1 the oldest
  tlb.insert(page(va(4), va(4)), va(4), 12);
  REQUIRE(tlb.find(va(1), 12) == nullptr);
  for (u64 n : {0, 2, 3, 4}) REQUIRE(tlb.find(va(n), 12) != nullptr);
  // Another set is untouched by all this.
  tlb.insert(page(0x1000, 0x1000), 0x1000, 12);
  REQUIRE(tlb.find(va(4), 12) != nullptr);
}

TEST_CASE("set-associative array agrees with a list-based LRU") {
  const auto geometry =
      GENERATE(std::pair{64u, 4u}, std::pair{8u, 8u}, std::pair{24u, 2u}, std::pair{4u, 1u});
  const auto [entries, ways] = geometry;
  SetAssociativeTlb tlb(entries, ways);
  ReferenceTlb reference(entries, ways);
  std::mt19937_64 random(entries);
  u64 hits = 0;
  for (int step = 0; step < 50'000; ++step) {
    const u64 vpn = random() % (entries * 2);
    if (random() % 50 == 0) {
      tlb.drop_page(vpn << 12);
      reference.drop(vpn);
      continue;
    }
    const TlbEntry* found = tlb.find(vpn << 12, 12);
    REQUIRE((found != nullptr) == reference.touch(vpn));
    if (found != nullptr) {
      ++hits;
      REQUIRE(found->va == vpn << 12);
      continue;
    }
    tlb.insert(page(vpn << 12, 0), vpn << 12, 12);
    reference.insert(vpn);
  }
  REQUIRE(hits > 10'000);
}

TEST_CASE("impossible geometries are refused with a sentence") {
  REQUIRE_THROWS_WITH(SetAssociativeTlb(10, 4), "TLB geometry: 4 ways do not divide 10 entries");
  REQUIRE_THROWS_AS(SetAssociativeTlb(10, 0), Error);
  SetAssociativeTlb absent(0, 4);
  absent.insert(page(0x1000, 0x1000), 0x1000, 12);
  REQUIRE(absent.find(0x1000, 12) == nullptr);
}

TEST_CASE("a second-level hit refills the first level of the asking side") {
  TlbHierarchy tlb{TlbGeometry{}};
  tlb.insert(page(0x5000, 0x9000), 0x5000, false);
  REQUIRE(tlb.find(0x5000, false).level == TlbLevel::first);
  REQUIRE(tlb.find(0x5000, true).level == TlbLevel::second);
  REQUIRE(tlb.find(0x5000, true).level == TlbLevel::first);
}

TEST_CASE("capacity: one page more than L1D holds in a set goes to L2") {
  TlbGeometry geometry;  // L1D 4K: 64 entries, 4 ways, 16 sets
  TlbHierarchy tlb{geometry};
  auto va = [](u64 n) { return n * 16 << 12; };
  for (u64 n = 0; n < 5; ++n) tlb.insert(page(va(n), va(n)), va(n), false);
  REQUIRE(tlb.find(va(1), false).level == TlbLevel::first);
  REQUIRE(tlb.find(va(0), false).level == TlbLevel::second);
}

TEST_CASE("1 GiB code lives in 2 MiB pieces and goes as one page") {
  TlbHierarchy tlb{TlbGeometry{}};
  const u64 va = u64{3} << 30, pa = u64{5} << 30;
  for (u64 offset : {u64{0}, u64{2} << 20, u64{6} << 20}) {
    tlb.insert(page(va, pa, 30), va + offset, true);
    const TlbLookup found = tlb.find(va + offset + 5, true);
    REQUIRE(found.level == TlbLevel::first);
    REQUIRE(found.entry->translate(va + offset + 5) == pa + offset + 5);
  }
  REQUIRE(tlb.maps_frame((pa + (u64{4} << 20)) >> 12));  // by the whole page in L2
  tlb.drop_page(va + (u64{512} << 20));                  // a piece that was never loaded
  for (u64 offset : {u64{0}, u64{2} << 20, u64{6} << 20})
    REQUIRE(tlb.find(va + offset, true).entry == nullptr);
  REQUIRE_FALSE(tlb.maps_frame(pa >> 12));
}

TEST_CASE("a piece alone maps only its own frames") {
  SetAssociativeTlb array(8, 8);
  const u64 va = u64{3} << 30, pa = u64{5} << 30;
  array.insert(page(va, pa, 30), va + (u64{4} << 20), 21);
  REQUIRE(array.maps_frame((pa + (u64{5} << 20)) >> 12));
  REQUIRE_FALSE(array.maps_frame(pa >> 12));
  REQUIRE_FALSE(array.maps_frame((pa + (u64{6} << 20)) >> 12));
}

TEMPLATE_TEST_CASE("maps_frame follows inserts and every kind of drop", "", UnboundedTlb, TlbHierarchy) {
  auto make = [] {
    if constexpr (std::is_same_v<TestType, UnboundedTlb>)
      return std::make_unique<TestType>();
    else
      return std::make_unique<TestType>(TlbGeometry{});
  };
  std::unique_ptr<TlbModel> tlb = make();
  tlb->insert(page(0x1000, 0x7000), 0x1000, false);
  tlb->insert(page(0x2000, 0x7000), 0x2000, false);                      // alias
  tlb->insert(page(0x40000000, 0x200000, 21, true), 0x40000000, false);  // global
  REQUIRE(tlb->maps_frame(7));
  REQUIRE(tlb->maps_frame(0x3ff));
  REQUIRE_FALSE(tlb->maps_frame(0x400));
  tlb->drop_page(0x1000);
  REQUIRE(tlb->maps_frame(7));
  tlb->drop_page(0x2fff);
  REQUIRE_FALSE(tlb->maps_frame(7));
  tlb->insert(page(0x1000, 0x7000), 0x1000, true);
  tlb->drop_nonglobal();
  REQUIRE_FALSE(tlb->maps_frame(7));
  REQUIRE(tlb->maps_frame(0x200));
  tlb->drop_page(0x40000000 + 0x1ff000);
  REQUIRE_FALSE(tlb->maps_frame(0x200));
  tlb->insert(page(0x40000000, 0x200000, 21, true), 0x40000000, false);
  tlb->clear();
  REQUIRE_FALSE(tlb->maps_frame(0x200));
}

TEMPLATE_TEST_CASE("maps_frame for user code alone", "", UnboundedTlb, TlbHierarchy) {
  auto make = [] {
    if constexpr (std::is_same_v<TestType, UnboundedTlb>)
      return std::make_unique<TestType>();
    else
      return std::make_unique<TestType>(TlbGeometry{});
  };
  std::unique_ptr<TlbModel> tlb = make();
  TlbEntry guest = page(0x1000, 0x7000);
  guest.user = true;
  tlb->insert(page(0x40000000, 0, 21, true), 0x40000000, false);  // the hypervisor's, frames 0 to 0x1ff
  REQUIRE(tlb->maps_frame(7));
  REQUIRE_FALSE(tlb->maps_frame(7, true));
  tlb->insert(guest, 0x1000, false);
  REQUIRE(tlb->maps_frame(7, true));
  REQUIRE_FALSE(tlb->maps_frame(8, true));
  tlb->insert(page(0x2000, 0x7000), 0x2000, false);
  tlb->drop_page(0x1000);
  REQUIRE_FALSE(tlb->maps_frame(7, true));
  tlb->insert(guest, 0x1000, true);
  guest.global = true, guest.va = 0x3000;
  tlb->insert(guest, 0x3000, true);
  tlb->drop_nonglobal();
  REQUIRE(tlb->maps_frame(7, true));
  tlb->clear();
  REQUIRE_FALSE(tlb->maps_frame(7, true));
}

TEMPLATE_TEST_CASE("a page over a page of another size: the smaller answers", "", UnboundedTlb,
                   TlbHierarchy) {
  auto make = [] {
    if constexpr (std::is_same_v<TestType, UnboundedTlb>)
      return std::make_unique<TestType>();
    else
      return std::make_unique<TestType>(TlbGeometry{});
  };
  std::unique_ptr<TlbModel> tlb = make();
  tlb->insert(page(0x200000, 0x400000, 21, true), 0x200000, false);
  tlb->insert(page(0x203000, 0x9000), 0x203000, false);
  REQUIRE(tlb->find(0x203010, false).entry->translate(0x203010) == 0x9010);
  REQUIRE(tlb->find(0x204010, false).entry->translate(0x204010) == 0x404010);
  tlb->drop_page(0x203000);  // both sizes cover it
  REQUIRE(tlb->find(0x203010, false).entry == nullptr);
  REQUIRE(tlb->find(0x204010, false).entry == nullptr);
}
