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
    m.observer->on_tlb_fill(m.cpus[0], va, mfn << 12, frame_size, write, user);
    return m.observer->counters().isolation_violations;
  };
  CHECK(fill(FakeGuest::mfn(1), 0x1000, true) == 0);
  CHECK(fill(FakeGuest::shared_info, 0x2000, true) == 0);
  CHECK(fill(0x10, 0xffff800000000000, false) == 0);        // M2P, read-only
  CHECK(fill(0x10, 0xffff810000000000, true, false) == 0);  // the hypervisor itself
  CHECK(fill(0x10, 0xffff800000000000, true) == 1);
  CHECK(fill(0x10, 0x5000, false) == 2);
  CHECK(fill(0x71, 0x6000, false) == 3);
  CHECK(fill(0x70, 0x7000, true) == 4);
  const auto& found = m.observer->isolation_violations();
  REQUIRE(found.size() == 3);  // frame 0x10 once
  CHECK(found[1].text.starts_with(
      "dom1 may read frame 0x71 of dom2 at 0x6000, CPU 0, PC hv.elf: xs_mark_store+0x0; last changed by"));
  m.mark(XS_MARK_SWITCH, dv(1), dv(0));
  CHECK(fill(0x71, 0x6000, true) == 4);     // dom0 maps foreign frames
  CHECK(fill(0x70, 0x6000, true) == 5);     // but no free ones
  CHECK(fill(0xfeb00, 0x7000, true) == 5);  // and devices' registers
  m.mark(XS_MARK_SWITCH, dv(0), dv(1));
  CHECK(fill(0xfeb00, 0x7000, true, false) == 5);
  CHECK(fill(0xfeb00, 0x7000, false) == 6);
  CHECK(
      found.back().text ==
      "dom1 may reach devices' registers of dom0, 0xfeb00000 at 0x7000, CPU 0, PC hv.elf: xs_mark_store+0x0");
}

TEST_CASE("a device's registers are for the domain that has it") {
  ObserverOptions options;
  options.isolation_monitor = true;
  FakeMachine m(options);
  m.boot();
  FakeGuest g(m);
  const auto fill = [&](u64 page) {
    m.observer->on_tlb_fill(m.cpus[0], 0x7000, page << 12, frame_size, true, true);
    return m.observer->counters().isolation_violations;
  };
  std::set<u64> reached;
  m.observer->watch_tlbs([&](unsigned, u64 page) { return reached.contains(page); });
  m.mark(XS_MARK_DEVICE, 1, 0xfeb00);
  g.run();
  CHECK(fill(0xfeb00) == 0);
  CHECK(fill(0xfeb01) == 1);
  m.mark(XS_MARK_SWITCH, dv(1), dv(0));
  CHECK(fill(0xfeb00) == 2);
  m.mark(XS_MARK_DEVICE, 0, 0xfeb00);
  CHECK(fill(0xfeb00) == 2);
  reached.insert(0xfeb00);
  m.mark(XS_MARK_DEVICE, 1, 0xfeb00);
  const auto& found = m.observer->isolation_violations();
  CHECK(found.back().which == Invariant::stale_tlb);
  CHECK(found.back().text.starts_with(
      "devices' registers at 0xfeb00000 go from dom0 to dom1, but the TLB of CPU 0 still maps them"));
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

namespace {

struct Watched {
  FakeMachine m{[] {
    ObserverOptions options;
    options.isolation_monitor = true;
    return options;
  }()};
  Watched() { m.boot(); }
  void store(u64 pc, u64 va, unsigned cpu = 0) {
    m.cpus[cpu].pc_value = pc;
    u64 pa = 0;
    REQUIRE(m.cpus[cpu].translate(va, pa));
    if (m.observer->guards(pa)) m.observer->on_guarded_store(m.cpus[cpu], va & ~frame_mask, pa & ~frame_mask);
  }
  void port(u64 where, xs_port kind, u32 port, u32 remote = 0, u32 remote_port = 0) {
    m.mark(XS_MARK_PORT, where, u64{kind} << 32 | port, u64{remote_port} << 32 | remote);
  }
  /// Violations after the event.
  u64 event(u64 to, u32 port, u32 from, u32 from_port) {
    m.mark(XS_MARK_EVENT, to, port, u64{from_port} << 32 | from);
    return m.observer->counters().isolation_violations;
  }
  const std::vector<Violation>& found() const { return m.observer->isolation_violations(); }
};

}  // namespace

TEST_CASE("tables are written by the store routines alone") {
  Watched w;
  u64 pa = 0;
  REQUIRE(w.m.cpus[0].translate(FakeMachine::entry(0x55), pa));
  CHECK(w.m.observer->guards(pa));
  CHECK_FALSE(w.m.observer->guards(0x70 << 12));
  CHECK_FALSE(w.m.observer->guards(0xfee00000));
  w.store(pc_store64, FakeMachine::entry(0x55));
  w.store(pc_cas64, FakeMachine::entry(0x55));
  w.store(pc_store32 + 15, FakeMachine::m2p_at(high_mfn));
  CHECK(w.found().empty());
  CHECK(w.m.observer->counters().guarded_stores == 3);
  SECTION("M2P") {
    w.m.begin(dv(0), op_populate);
    w.store(pc_mark, FakeMachine::m2p_at(high_mfn + 3));
    REQUIRE(w.found().size() == 1);
    CHECK(w.found()[0].which == Invariant::table_store);
    CHECK(
        w.found()[0].text.starts_with("a store outside of the store routines to M2P entries of frames "
                                      "0x100000000 .. 0x1000001ff, 0x"));
    CHECK(
        w.found()[0].text.ends_with("CPU 0, PC hv.elf: xs_mark_store+0x0, in dom0 vcpu0 "
                                    "memory_op.populate_physmap"));
  }
  SECTION("frame table") {
    w.store(hv_base, FakeMachine::entry(0x81));
    REQUIRE(w.found().size() == 1);
    CHECK(w.found()[0].text.find(" to frame table entries of frames 0x80 .. 0xff, ") != std::string::npos);
  }
  SECTION("at another address") {
    w.m.cpus[0].pages[0x7000] = pa >> frame_shift;
    w.store(hv_base, 0x7000 << frame_shift);
    REQUIRE(w.found().size() == 1);
    CHECK(w.found()[0].text.find(" to frame table or M2P, at another address, ") != std::string::npos);
  }
}

TEST_CASE("events arrive where the channel leads") {
  Watched w;
  w.m.create(1, 0x70);
  w.m.create(2, 0x71);
  w.port(dv(0), XS_PORT_INTERDOMAIN, 4, 1, 7);
  w.port(dv(1, 1), XS_PORT_INTERDOMAIN, 7, 0, 4);
  w.port(dv(2), XS_PORT_IPI, 3);
  w.port(dv(2), XS_PORT_VIRQ, 5);
  w.port(dv(0), XS_PORT_PIRQ, 6);
  CHECK(w.event(dv(1, 1), 7, 0, 4) == 0);
  CHECK(w.event(dv(0), 4, 1, 7) == 0);
  CHECK(w.event(dv(2), 3, 2, 3) == 0);
  CHECK(w.event(dv(2), 5, 2, 0) == 0);
  CHECK(w.event(dv(0), 6, XS_OWNER_XEN, 0) == 0);
  SECTION("wrong domain") {
    CHECK(w.event(dv(2), 3, 0, 4) == 1);
    CHECK(w.event(dv(0), 4, 2, 3) == 2);
    REQUIRE(w.found().size() == 1);  // the first
    CHECK(w.found()[0].text ==
          "an event sent from dom0 port 4, which is connected to dom1 port 7, reaches dom2 vcpu0 on dom2 "
          "port 3, "
          "which is for the domain's own IPIs and notifies vcpu0; CPU 0, PC hv.elf: xs_mark_store+0x0, in no "
          "operation");
  }
  SECTION("wrong VCPU") { CHECK(w.event(dv(1), 7, 0, 4) == 1); }
  SECTION("wrong port of the right domain") {
    w.port(dv(1), XS_PORT_INTERDOMAIN, 8, 2, 9);
    CHECK(w.event(dv(1), 8, 0, 4) == 1);
  }
  SECTION("only one side believes that it is connected") {
    w.port(dv(1, 1), XS_PORT_INTERDOMAIN, 7, 2, 4);
    CHECK(w.event(dv(0), 4, 1, 7) == 1);
  }
  SECTION("closed") {
    w.port(dv(2), XS_PORT_CLOSED, 5);
    CHECK(w.event(dv(2), 5, 2, 0) == 1);
    CHECK(w.found()[0].text.starts_with(
        "an event sent by dom2 reaches dom2 vcpu0 on dom2 port 5, which is closed"));
  }
  SECTION("no such kind of port") {
    w.m.mark(XS_MARK_PORT, dv(2), u64{9} << 32 | 5);
    CHECK(w.m.observer->counters().rejected == 1);
  }
}

TEST_CASE("the monitor is off by default; fills are counted") {
  FakeMachine m;
  m.boot();
  m.observer->on_tlb_fill(m.cpus[0], 0, 0x70 << 12, frame_size, true, true);
  m.observer->on_tlb_fill(m.cpus[0], 0, 0x70 << 12, frame_size, true, false);
  CHECK(m.observer->counters().isolation_violations == 0);
  CHECK(m.observer->counters().tlb_fills == 2);
  CHECK(m.observer->counters().tlb_fills_user == 1);
}
