// The isolation monitor: which TLB fills of guest code are allowed.
#include <catch2/catch.hpp>

#include <set>

#include "fake_guest.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

TEST_CASE("a guest may see its own frames and the published M2P, nothing else") {
  ObserverOptions options;
  options.isolation_monitor = true;
  FakeMachine m(options);
  m.boot();
  FakeGuest g(m);
  m.create(2, 0x71);
  g.run();
  const auto fill = [&](u64 mfn, u64 va, bool write, bool user = true) {
    m.observer->on_tlb_fill(m.cpus[0], va, mfn << 12, write, user);
    return m.observer->counters().isolation_violations;
  };
  CHECK(fill(FakeGuest::mfn(1), 0x1000, true) == 0);
  CHECK(fill(FakeGuest::shared_info, 0x2000, true) == 0);
  CHECK(fill(0x10, 0xffff800000000000, false) == 0);        // M2P, read-only
  CHECK(fill(0x10, 0xffff810000000000, true, false) == 0);  // the hypervisor itself
  CHECK(fill(0xfee00, 0x3000, true) == 0);                  // no RAM
  CHECK(fill(0x10, 0xffff800000000000, true) == 1);
  CHECK(fill(0x10, 0x5000, false) == 2);
  CHECK(fill(0x71, 0x6000, false) == 3);
  CHECK(fill(0x70, 0x7000, true) == 4);
  const auto& found = m.observer->isolation_violations();
  REQUIRE(found.size() == 3);  // frame 0x10 once
  CHECK(found[1].text.starts_with(
      "dom1 may read frame 0x71 of dom2 at 0x6000, CPU 0, PC hv.elf: xs_mark_store+0x0; last changed by"));
  m.mark(XS_MARK_SWITCH, dv(1), dv(0));
  CHECK(fill(0x71, 0x6000, true) == 4);  // dom0 maps foreign frames
  CHECK(fill(0x70, 0x6000, true) == 5);  // but no free ones
}

namespace {

/// A machine whose TLBs are a list.
struct Tlbs {
  std::set<std::pair<unsigned, u64>> entries;  // core, frame
  FakeMachine m{[] {
    ObserverOptions options;
    options.isolation_monitor = true;
    return options;
  }()};
  FakeGuest g{booted(m)};
  static FakeMachine& booted(FakeMachine& machine) {
    machine.boot();
    return machine;
  }
  Tlbs() {
    m.create(2, 0x71);
    m.observer->watch_tlbs([this](unsigned cpu, u64 mfn) { return entries.contains({cpu, mfn}); });
    m.mark(XS_MARK_SWITCH, dv(0x7fff), dv(0), 0, 0);
    m.mark(XS_MARK_SWITCH, dv(0x7fff), dv(1), 0, 1);
  }
  const std::vector<Violation>& found() const { return m.observer->isolation_violations(); }
};

}  // namespace

TEST_CASE("a frame that gets a new owner is in no TLB any more") {
  Tlbs t;
  const u64 mfn = FakeGuest::mfn(5);
  t.entries = {{1, mfn}};
  t.m.release(mfn);
  CHECK(t.found().empty());  // free: nobody's secret yet, the flush may wait
  SECTION("flushed in time") {
    t.entries.clear();
    t.m.give(2, mfn, 9);
    CHECK(t.found().empty());
  }
  SECTION("not flushed, and given to another domain") {
    t.m.begin(dv(0), op_populate);
    t.m.give(2, mfn, 9);
    REQUIRE(t.found().size() == 1);
    CHECK(t.found()[0].which == Invariant::stale_tlb);
    CHECK(t.found()[0].text ==
          "frame 0x100000005 goes from dom1 to dom2, but the TLB of CPU 1 (running dom1) still maps it for "
          "guest code; CPU 0, PC hv.elf: xs_store32+0x0, in dom0 vcpu0 memory_op.populate_physmap");
    CHECK(t.m.observer->counters().isolation_violations == 1);
  }
  SECTION("not flushed, and taken by the hypervisor") {
    t.m.mark(XS_MARK_SWITCH, dv(1), dv(0x7fff), 0, 1);
    t.m.set_owner(mfn, XS_OWNER_XEN);
    REQUIRE(t.found().size() == 1);
    CHECK(t.found()[0].text.starts_with(
        "frame 0x100000005 goes from dom1 to xen, but the TLB of CPU 1 (running idle) still"));
    CHECK(t.found()[0].text.ends_with("in no operation"));
  }
  SECTION("every core is looked at, a frame is told once") {
    t.entries = {{0, mfn}, {1, mfn}};
    t.m.set_owner(mfn, 2);
    CHECK(t.found().size() == 1);
    CHECK(t.m.observer->counters().isolation_violations == 2);
  }
}

TEST_CASE("a frame that changes hands without having been free") {
  Tlbs t;
  t.entries = {{0, FakeGuest::mfn(5)}};
  t.m.set_owner(FakeGuest::mfn(6), 2);
  CHECK(t.found().empty());
  t.m.set_owner(FakeGuest::mfn(5), 2);
  REQUIRE(t.found().size() == 1);
  CHECK(t.found()[0].text.starts_with(
      "frame 0x100000005 goes from dom1 to dom2, but the TLB of CPU 0 (running dom0)"));
}

TEST_CASE("frames that never had an owner were in no TLB") {
  FakeMachine m{[] {
    ObserverOptions options;
    options.isolation_monitor = true;
    return options;
  }()};
  m.observer->watch_tlbs([](unsigned, u64) { return true; });
  m.boot();
  CHECK(m.observer->isolation_violations().empty());
}

TEST_CASE("the monitor is off by default; fills are counted") {
  FakeMachine m;
  m.boot();
  m.observer->on_tlb_fill(m.cpus[0], 0, 0x70 << 12, true, true);
  m.observer->on_tlb_fill(m.cpus[0], 0, 0x70 << 12, true, false);
  CHECK(m.observer->counters().isolation_violations == 0);
  CHECK(m.observer->counters().tlb_fills == 2);
  CHECK(m.observer->counters().tlb_fills_user == 1);
}
