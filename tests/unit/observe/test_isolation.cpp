// The isolation monitor: which TLB fills of guest code are allowed.
#include <catch2/catch.hpp>

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

TEST_CASE("the monitor is off by default; fills are counted") {
  FakeMachine m;
  m.boot();
  m.observer->on_tlb_fill(m.cpus[0], 0, 0x70 << 12, true, true);
  m.observer->on_tlb_fill(m.cpus[0], 0, 0x70 << 12, true, false);
  CHECK(m.observer->counters().isolation_violations == 0);
  CHECK(m.observer->counters().tlb_fills == 2);
  CHECK(m.observer->counters().tlb_fills_user == 1);
}
