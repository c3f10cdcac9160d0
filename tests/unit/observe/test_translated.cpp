// Model translated as the observer sees it: the hypervisor's P2M, what shadow tables may show, and machine
// numbers where none may be.
#include <catch2/catch.hpp>

#include "fake_machine.h"
#include "sim/observe/leak.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

namespace {

constexpr u64 leaf = 0x90, upper = 0x91, shadow = 0x92, shared = 0x80;
constexpr u64 low_window = 0xffff818000000000;
constexpr u64 at_mfn(u64 mfn, u64 index) { return low_window + (mfn << 12) + index * 8; }

/// dom1 with four frames at GFNs 0..3, as a translated domain's.
struct Translated : FakeMachine {
  explicit Translated(ObserverOptions options = {}) : FakeMachine(options) {
    boot();
    for (u64 mfn : {leaf, upper, shadow}) {
      set_owner(mfn, XS_OWNER_XEN);
      set_type(mfn, type(mfn == shadow ? XS_FRAME_SHADOW : XS_FRAME_P2M, 0));
    }
    set_count(shared, XS_COUNT_ALLOCATED | 1);
    set_type(shared, type(XS_FRAME_SHARED, 1));
    set_owner(shared, 1);
    mark(XS_MARK_DOMAIN_CREATED, 1, shared, XS_MODEL_TRANSLATED);
    mark(XS_MARK_P2M_PAGE, u64{2} << 32 | 1, upper, 0);
    mark(XS_MARK_P2M_PAGE, u64{1} << 32 | 1, leaf, 512);
    for (u64 i = 0; i < 4; ++i) {
      give(1, frame(i), 512 + i);
      p2m(i, frame(i));
    }
    mark(XS_MARK_BOOT, 3);
    mark(XS_MARK_SWITCH, idle_dv, dv(1));
  }
  static u64 frame(u64 i) { return high_mfn + 0x20 + i; }
  void p2m(u64 index, u64 mfn) {
    const u64 raw = mfn == invalid_frame ? 0 : mfn << XS_P2M_MFN_SHIFT | XS_P2M_PRESENT | XS_P2M_WRITABLE;
    p2m_entry(index, raw);
  }
  void p2m_entry(u64 index, u64 raw) {
    store64(at_mfn(leaf, index), raw);
    memory.word(leaf, index) = raw;
  }
  void upper_entry(u64 index, u64 raw) {
    store64(at_mfn(upper, index), raw);
    memory.word(upper, index) = raw;
  }
  std::vector<Violation> violations(Invariant which) {
    std::vector<Violation> out;
    for (const Violation& v : observer->check_invariants().violations)
      if (v.which == which) out.push_back(v);
    return out;
  }
};

}  // namespace

TEST_CASE("how big the P2M is, and what its entries say") {
  Translated m;
  const auto raw = [&m](u64 index, u64 flags) {
    const u64 entry = Translated::frame(index) << XS_P2M_MFN_SHIFT | XS_P2M_PRESENT | flags;
    m.p2m_entry(index, entry);
  };
  raw(1, 0);
  raw(2, XS_P2M_WRITABLE | XS_P2M_FOREIGN | XS_P2M_GRANTED);
  raw(3, XS_P2M_WRITABLE | XS_P2M_SHARED);
  const std::vector<P2mShape> shapes = m.observer->p2m_shapes();
  REQUIRE(shapes.size() == 1);
  CHECK(shapes[0].domid == 1);
  CHECK(shapes[0].held == std::array<u64, 4>{1, 1, 0, 0});
  CHECK((shapes[0].entries == 4 && shapes[0].same == 0 && shapes[0].own_pages == 0));
  CHECK((shapes[0].read_only == 1 && shapes[0].foreign == 1 && shapes[0].granted == 1 &&
         shapes[0].shared == 1));
  m.p2m_entry(0, u64{512} << XS_P2M_MFN_SHIFT | XS_P2M_PRESENT | XS_P2M_WRITABLE);
  CHECK(m.observer->p2m_shapes()[0].same == 1);
  m.mark(XS_MARK_P2M_PAGE, 1, leaf, 0);
  CHECK(m.observer->p2m_shapes()[0].held == std::array<u64, 4>{0, 1, 0, 0});
}

TEST_CASE("stores to announced pages make the P2M") {
  Translated m;
  CHECK(m.observer->counters().stores_outside == 0);
  CHECK(m.observer->counters().p2m_changes == 4);
  CHECK(
      m.observer->p2m_dump(1).starts_with("pfn=0x200 ==> mfn=0x100000020\npfn=0x201 ==> mfn=0x100000021\n"));
  CHECK(m.violations(Invariant::p2m).empty());
  m.store64(at_mfn(upper, 3), 0x1234003);  // an inner entry is no P2M entry
  CHECK(m.observer->counters().p2m_changes == 4);
  m.store64(at_mfn(shadow, 3), 0x1234003);
  CHECK(m.observer->counters().stores_shadow == 1);
  m.store64(at_mfn(0x93, 3), 1);  // any other frame
  CHECK(m.observer->counters().stores_outside == 1);
  m.p2m(2, invalid_frame);
  CHECK(m.observer->p2m(1).size() == 3);
  REQUIRE(m.violations(Invariant::p2m).size() == 1);
  CHECK(m.violations(Invariant::p2m)[0].text.starts_with(
      "frame 0x100000022 of dom1 has M2P entry 0x202, but P2M of that GFN names frame 0xffffffffffffffff"));
}

TEST_CASE("an entry of level 2 is what 512 GFNs have, until a leaf says it in its place") {
  constexpr u64 other_leaf = 0x92;
  const u64 first = Translated::frame(0) & ~u64{511};
  Translated m;
  const u64 superpage = first << XS_P2M_MFN_SHIFT | XS_P2M_PRESENT | XS_P2M_WRITABLE | XS_P2M_SUPERPAGE;
  m.upper_entry(7, superpage);
  CHECK(m.observer->counters().superpages == 1);
  CHECK(m.observer->counters().superpages_made == 1);
  CHECK(m.observer->counters().p2m_changes == 4 + 512);
  const u64 gfn = 7 * 512;
  const std::vector<P2mEntry> p2m = m.observer->p2m(1);
  REQUIRE(p2m.size() == 4 + 512);
  CHECK((p2m.back().gfn == gfn + 511 && p2m.back().mfn == first + 511));
  u64 count = 0;
  m.observer->compare_with_memory(m.cpus[0], &count);
  const u64 before = count;
  CHECK(m.observer->p2m_shapes()[0].superpages == 1);

  for (u64 i = 0; i < 512; ++i)
    m.memory.word(other_leaf, i) = (superpage & ~XS_P2M_SUPERPAGE) + (i << XS_P2M_MFN_SHIFT);
  m.set_type(other_leaf, FakeMachine::type(XS_FRAME_P2M, 0));
  m.mark(XS_MARK_P2M_PAGE, u64{1} << 32 | 1, other_leaf, gfn);
  m.upper_entry(
      7, other_leaf << XS_P2M_MFN_SHIFT | XS_P2M_PRESENT | u64{XS_SHATTERED_FLIP} << XS_P2M_SHATTERED_SHIFT);
  CHECK(m.observer->counters().superpages == 0);
  CHECK(m.observer->counters().superpages_shattered[XS_SHATTERED_FLIP] == 1);
  CHECK(m.observer->counters().p2m_changes == 4 + 512);
  CHECK(m.observer->p2m(1).size() == 4 + 512);
  m.observer->compare_with_memory(m.cpus[0], &count);
  CHECK(count == before);
  m.memory.word(other_leaf, 5) = 0;  // a leaf that does not say what the superpage said
  m.observer->compare_with_memory(m.cpus[0], &count);
  CHECK(count == before + 1);
}

TEST_CASE("a superpage that goes as a whole leaves nothing") {
  Translated m;
  m.upper_entry(7, Translated::frame(0) << XS_P2M_MFN_SHIFT | XS_P2M_PRESENT | XS_P2M_SUPERPAGE);
  m.upper_entry(7, 0);
  CHECK(m.observer->counters().superpages == 0);
  CHECK(m.observer->counters().p2m_changes == 4 + 2 * 512);
  CHECK(m.observer->p2m(1).size() == 4);
}

TEST_CASE("a P2M that names another's frame, or disagrees with M2P, is a violation") {
  Translated m;
  m.p2m(1, 0x71);
  REQUIRE(m.violations(Invariant::p2m).size() == 2);
  CHECK(m.violations(Invariant::p2m)[0].text.starts_with(
      "P2M of dom1: GFN 0x201 names frame 0x71, which free owns"));
  m.p2m(1, Translated::frame(1));
  m.set_m2p(Translated::frame(0), 0x300);
  CHECK(m.violations(Invariant::p2m).size() == 2);
}

TEST_CASE("a frame that a domain owns and no GFN leads to is lost; one that others' references hold is not") {
  Translated m;
  m.p2m(3, invalid_frame);
  m.set_m2p(Translated::frame(3), XS_M2P_INVALID);
  auto found = m.violations(Invariant::p2m);
  REQUIRE(found.size() == 1);
  CHECK(found[0].text.starts_with("frame 0x100000023 of dom1 is lost: its P2M has no GFN for it"));
  m.set_count(Translated::frame(3), 1);
  CHECK(m.violations(Invariant::p2m).empty());
}

TEST_CASE("memory behind the replica's back is noticed; a page that is none any more is forgotten") {
  Translated m;
  u64 count = 0;
  m.observer->compare_with_memory(m.cpus[0], &count);
  const u64 before = count;
  m.memory.word(leaf, 9) = 0x55000 | XS_P2M_PRESENT;
  const auto found = m.observer->compare_with_memory(m.cpus[0], &count, 1000);
  CHECK(count == before + 1);
  CHECK(found.back().text ==
        "P2M of dom1: GFN 0x209 is frame 0x55 in memory, 0xffffffffffffffff in the replica");
  m.mark(XS_MARK_P2M_PAGE, 1, leaf);
  m.observer->compare_with_memory(m.cpus[0], &count);
  CHECK(count == before);
}

TEST_CASE("shadow tables may show what the P2M names, and no M2P") {
  ObserverOptions options;
  options.isolation_monitor = true;
  Translated m(options);
  const auto fill = [&](u64 mfn, u64 va) {
    m.observer->on_tlb_fill(m.cpus[0], va, mfn << 12, frame_size, false, true);
    return m.observer->counters().isolation_violations;
  };
  CHECK(fill(Translated::frame(0), 0x1000) == 0);
  CHECK(fill(0x10, 0xffff800000000000) == 1);
  m.p2m(0, invalid_frame);
  CHECK(fill(Translated::frame(0), 0x1000) == 2);  // still its own, but no longer its memory
}

TEST_CASE("what happens to shadows is counted") {
  Translated m;
  for (u64 what : {XS_SHADOW_FILL, XS_SHADOW_FILL, XS_SHADOW_REFLECT, XS_SHADOW_DROP, XS_SHADOW_DROP_PAGE,
                   XS_SHADOW_EVICT})
    m.mark(XS_MARK_SHADOW, dv(1), what, 0x1000);
  const ObserverCounters& c = m.observer->counters();
  CHECK(c.shadow_fills == 2);
  CHECK(c.shadow_reflected == 1);
  CHECK(c.shadow_drops == 1);
  CHECK(c.shadow_page_drops == 1);
  CHECK(c.shadow_evictions == 1);
  CHECK(c.rejected == 0);
  m.mark(XS_MARK_SHADOW, dv(1), 77, 0);
  CHECK(c.rejected == 1);
}

TEST_CASE("machine numbers: addresses, entries, frames; no times, no neighbours") {
  RamMap ram;
  ram.add(0, 100);
  ram.add(0xf2d40000, 0x1000);
  const MachineNumbers numbers(ram);
  using Kind = MachineNumbers::Kind;
  const u64 address = u64{0xf2d40123} << 12;
  CHECK(numbers.classify(address, 0) == Kind::address);
  CHECK(numbers.classify(address | 0x8000000000000067, 0) == Kind::address);
  CHECK(numbers.classify(0xf2d40fff, 0) == Kind::frame);
  CHECK(numbers.classify(0xf2d41000, 0) == Kind::none);
  CHECK(numbers.classify(0x102d3ffff, 0) == Kind::none);
  CHECK(numbers.classify(50, 0) == Kind::none);
  CHECK(numbers.classify(50 << 12, 0) == Kind::none);
  CHECK(numbers.classify(0xffff882d40123000, 0) == Kind::none);
  CHECK(numbers.classify(0xf2d40fff, 0xf2d40fff - 1'000'000'000) == Kind::none);  // a second from now
  CHECK(numbers.classify(address, address) == Kind::address);
  RamMap low;
  low.add(0, 0x1000);
  CHECK_FALSE(MachineNumbers(low).any());
  RamMap plain;
  plain.add(u64{1} << 32, 0x1000);
  CHECK(MachineNumbers(plain).classify((u64{1} << 32) + 4, 0) == Kind::none);  // also a pair {4, 1}
}

TEST_CASE("machine numbers that a domain knows are counted, whatever its model") {
  Translated m;
  const auto of = [&m](u32 domid) {
    for (const Exposure& e : m.observer->exposures())
      if (e.domid == domid) return e;
    throw std::runtime_error("no such domain");
  };
  CHECK(of(1).words == 0);
  m.memory.word(Translated::frame(3), 7) = Translated::frame(1) << 12 | 0x67;   // an entry for its own
  m.memory.word(Translated::frame(2), 8) = Translated::frame(1) << 12 | 0x9ff;  // the same frame
  m.memory.word(Translated::frame(2), 9) = (Translated::frame(3) + 1) << 12;    // nobody's
  m.memory.word(Translated::frame(2), 10) = 0x201067;                           // no heap RAM
  const Exposure e = of(1);
  CHECK(e.words == 3);
  CHECK(e.own == 2);
  CHECK(e.others == 1);
  CHECK(e.frames == 2);
  CHECK(m.violations(Invariant::leak).size() == 3);  // for here they should not be
}

TEST_CASE("a machine address in a domU's memory or in an answer to it is a leak") {
  Translated m;
  CHECK(m.violations(Invariant::leak).empty());
  m.memory.word(Translated::frame(3), 7) = Translated::frame(1) << 12 | 0x67;
  auto found = m.violations(Invariant::leak);
  REQUIRE(found.size() == 1);
  CHECK(found[0].text.starts_with(
      "frame 0x100000023 (GFN 0x203) of dom1 holds machine number 0x100000021067 at offset 0x38"));
  m.mark(XS_MARK_FRAMES_TOLD, 1, Translated::frame(1), 1);
  CHECK(m.violations(Invariant::leak).empty());  // for its devices
  m.memory.word(Translated::frame(3), 7) = Translated::frame(2) << 12 | 0x67;
  CHECK(m.violations(Invariant::leak).size() == 1);
  m.memory.word(Translated::frame(3), 7) = 0x201067;
  CHECK(m.violations(Invariant::leak).empty());
  m.begin(dv(1), op_populate);
  m.end(dv(1), op_populate, Translated::frame(2) << 12);
  CHECK(m.observer->counters().leaks == 1);
  found = m.violations(Invariant::leak);
  REQUIRE(found.size() == 1);
  CHECK(found[0].text.starts_with(
      "memory_op.populate_physmap answers dom1 vcpu0 with machine number 0x100000022000 at "));
}
