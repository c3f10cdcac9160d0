// A guest's own P2M: found when published, followed by its taps, re-read when it was changed behind them.
#include <catch2/catch.hpp>

#include "fake_guest.h"
#include "sim/observe/trace_reader.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

TEST_CASE("before it is published, the P2M is derived from the M2P") {
  FakeMachine m;
  m.boot();
  FakeGuest g(m);
  const auto p2m = m.observer->p2m(1);
  REQUIRE(p2m.size() == guest_frames);
  CHECK((p2m[3].gfn == 3 && p2m[3].mfn == high_mfn + 3));
  CHECK(m.observer->p2m_dump(1).starts_with("pfn=0x0 ==> mfn=0x100000000\npfn=0x1 ==> mfn=0x100000001\n"));
  CHECK(m.observer->p2m(9).empty());
  CHECK(m.observer->p2m_shapes().empty());  // nobody holds one
  g.run();
  g.publish();
  const std::vector<P2mShape> shapes = m.observer->p2m_shapes();
  REQUIRE(shapes.size() == 1);
  CHECK((shapes[0].own_pages == 1 && shapes[0].entries == guest_frames &&
         shapes[0].held == std::array<u64, 4>{}));
}

TEST_CASE("a published P2M is recorded at once, its stores as they happen, with the storing domain") {
  ScratchDir dir;
  ObserverOptions options;
  options.trace_file = dir.file("t");
  FakeMachine m(options);
  m.boot();
  FakeGuest g(m);
  g.run();
  g.publish();
  m.begin(dv(1), op(29));  // any hypercall: the observer looks
  m.end(dv(1), op(29));
  CHECK(m.observer->counters().p2m_changes == 0);
  g.give_back(5);
  CHECK(m.observer->counters().p2m_changes == 1);
  CHECK(m.observer->domain(1)->p2m_stores == 1);
  CHECK(m.observer->p2m(1).size() == guest_frames - 1);
  m.observer->finish(m.cpus[0].now_ps);

  const TraceReader trace(options.trace_file);
  u64 runs = 0, covered = 0, single = 0;
  trace.replay([&](const Event& e, const TraceState&) {
    if (e.kind == EventKind::p2m_run) ++runs, covered += e.d;
    if (e.kind == EventKind::p2m) {
      ++single;
      CHECK((e.a == 1 && e.b == 5 && e.c == high_mfn + 5 && e.d == invalid_frame));
    }
    return true;
  });
  CHECK(runs == 1);
  CHECK(covered == guest_frames);
  CHECK(single == 1);
}

TEST_CASE("a tap address of a guest counts only where that guest's code is mapped") {
  FakeMachine m;
  m.boot();
  FakeGuest g(m);
  g.run();
  g.publish();
  std::memset(m.memory.host(FakeGuest::mfn(0) << 12), 0x90, 256);  // another kernel at the same address
  m.guest_p2m_store(guest_p2m_va + 8, invalid_frame);
  CHECK(m.observer->counters().p2m_changes == 0);
  m.map_guest_code(FakeGuest::mfn(0));
  m.guest_p2m_store(guest_p2m_va + 16, invalid_frame);
  CHECK(m.observer->counters().p2m_changes == 1);
}

TEST_CASE("stores outside the P2M's frames, and unmapped ones, are counted only") {
  FakeMachine m;
  m.boot();
  FakeGuest g(m);
  g.run();
  g.publish();
  m.cpus[0].pages[0xffff900000009] = FakeGuest::mfn(1);
  const u64 before = m.observer->counters().stores_outside;
  m.guest_p2m_store(0xffff900000009000, 1);
  m.guest_p2m_store(0xffff900000077000, 1);
  CHECK(m.observer->counters().stores_outside == before + 1);
  CHECK(m.observer->counters().p2m_changes == 0);
}

TEST_CASE("a P2M changed behind the taps is recorded at the next step") {
  ScratchDir dir;
  ObserverOptions options;
  options.trace_file = dir.file("t");
  FakeMachine m(options);
  m.boot();
  FakeGuest g(m);
  g.run();
  g.publish();
  m.observer->step_begin("first", m.cpus[0].now_ps);
  m.memory.word(FakeGuest::p2m, 2) = high_mfn + 99;
  m.memory.word(FakeGuest::p2m, 3) = high_mfn + 100;
  m.observer->step_end(true, m.cpus[0].now_ps);
  m.observer->finish(m.cpus[0].now_ps);
  const TraceReader trace(options.trace_file);
  const auto end = trace.state_at(trace.last_time_ps());
  CHECK(end->domains().at(1).p2m.get(2) == high_mfn + 99);
  CHECK(end->domains().at(1).p2m.get(4) == high_mfn + 4);
}

TEST_CASE("absurd publications are not followed") {
  FakeMachine m;
  m.boot();
  FakeGuest g(m);
  g.run();
  const auto shared = [&](std::size_t offset) -> u64& {
    return m.memory.word(FakeGuest::shared_info, (offsetof(shared_info_t, arch) + offset) / 8);
  };
  g.publish(~u64{0});
  CHECK(m.observer->p2m(1).size() == guest_frames);  // still the M2P's
  g.publish(1024);
  m.memory.word(FakeGuest::list, 1) = 0x123456;  // not RAM
  CHECK(m.observer->p2m(1).size() == guest_frames);
  shared(offsetof(arch_shared_info_t, pfn_to_mfn_frame_list_list)) = ~u64{0} >> 4;
  CHECK(m.observer->p2m(1).size() == guest_frames);
}

TEST_CASE("a domain's shared_info is not believed once the frame is somebody else's") {
  FakeMachine m;
  m.boot();
  FakeGuest g(m);
  g.run();
  g.publish();
  m.memory.word(FakeGuest::p2m, 7) = invalid_frame;
  CHECK(m.observer->p2m(1).size() == guest_frames - 1);
  m.release(FakeGuest::shared_info);
  CHECK(m.observer->p2m(1).size() == guest_frames);  // the M2P's
}
