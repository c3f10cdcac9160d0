// Where the simulation's thread meets the user's: who waits for whom, and for how long.
#include "viz/live/gate.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "sim/observe/event.h"
#include "sim/observe/grants.h"

using namespace xs;
using namespace xs::viz;
using observe::EventFields;
using observe::EventHead;
using observe::EventKind;

namespace {

constexpr u64 quantum_ps = 10'000'000;

/// A simulation that does nothing but ask, as the machine does at each quantum's end.
class Asking {
 public:
  explicit Asking(Gate& gate) : gate_(gate) {
    gate_.serve([this](const ImageWish& wish, bool) { return image(wish); }, [this] { ++flushes; });
    thread_ = std::thread([this] { work(); });
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
  ~Asking() {
    gate_.end();
    thread_.join();
  }
  std::atomic<u64> quanta{0}, flushes{0}, looks{0};

 private:
  MachineImage image(const ImageWish& wish) {
    ++looks;
    MachineImage out;
    out.time_ps = quanta * quantum_ps;
    if (wish.frame) out.frame = FrameContent{*wish.frame, 0, 0, true, {}};
    return out;
  }
  void work() {
    while (!gate_.ending()) {
      if (gate_.breathe(quanta * quantum_ps)) gate_.hold("paused");
      ++quanta;
    }
  }
  Gate& gate_;
  std::thread thread_;
};

template <class Condition>
bool soon(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return condition();
}

EventHead head_of(EventKind kind) {
  EventHead head{};
  head.kind = kind;
  return head;
}

std::string stop_text(Gate& gate, EventKind kind, const EventFields& fields) {
  std::string why;
  return gate.stops_at(head_of(kind), fields, why) ? why : "";
}

}  // namespace

TEST_CASE("a pause stops the simulation until it may go on") {
  Gate gate;
  Asking run(gate);
  gate.pause();
  REQUIRE(soon([&] { return gate.status().state == RunState::paused; }));
  CHECK(gate.status().text == "paused");
  const u64 stood = run.quanta;
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  CHECK(run.quanta == stood);
  gate.run(0);
  CHECK(gate.status().state == RunState::running);  // at once, whether its thread has woken up or not
  CHECK(soon([&] { return run.quanta > stood; }));
}

TEST_CASE("who is paused still shows what is wished for") {
  Gate gate;
  Asking run(gate);
  gate.pause();
  REQUIRE(soon([&] { return gate.status().state == RunState::paused; }));
  gate.wish({u64{0x1234}, false});
  REQUIRE(soon([&] { return gate.image().frame.has_value(); }));
  CHECK(gate.image().frame->mfn == 0x1234);
  const u64 looks = run.looks;
  gate.wish({u64{0x1234}, false});  // the same wish costs nothing
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(run.looks == looks);
  CHECK(run.flushes > 0);
}

TEST_CASE("a speed holds the simulated time back") {
  Gate gate;
  Asking run(gate);
  REQUIRE(soon([&] { return run.quanta > 0; }));
  gate.pause();
  REQUIRE(soon([&] { return gate.status().state == RunState::paused; }));
  const u64 from = run.quanta;
  const auto begin = std::chrono::steady_clock::now();
  gate.run(1e-3);  // a quantum of 10 us each 10 ms
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const double passed_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const u64 quanta = run.quanta - from;
  CHECK(quanta >= 1);
  CHECK(double(quanta) <= passed_s / 0.01 + 2);
  gate.run(0);
  CHECK(soon([&] { return run.quanta > from + 1000; }));
}

TEST_CASE("who lets go and pauses again at once sees it paused") {
  Gate gate;
  Asking run(gate);
  gate.pause();
  for (int i = 0; i < 200; ++i) {  // its thread may or may not wake up in between
    REQUIRE(soon([&] { return gate.status().state == RunState::paused; }));
    gate.run(0);
    gate.pause();
  }
}

TEST_CASE("a pause need not wait for the speed") {
  Gate gate;
  Asking run(gate);
  gate.run(1e-9);  // a quantum of 10 us each 10 000 s
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  gate.pause();
  CHECK(soon([&] { return gate.status().state == RunState::paused; }));
}

TEST_CASE("a simulation that is held lets go when the run shall end") {
  Gate gate;
  {
    Asking run(gate);
    gate.pause();
    REQUIRE(soon([&] { return gate.status().state == RunState::paused; }));
  }
  CHECK(gate.ending());
}

TEST_CASE("breakpoints match what they name") {
  Gate gate;
  CHECK(stop_text(gate, EventKind::frame_owner, {5, 0, 1, 0}).empty());
  Breakpoint owner;
  owner.number = 5, owner.domid = 1;
  gate.set_breakpoints({owner});
  CHECK(stop_text(gate, EventKind::frame_owner, {5, 0, 1, 0}) == "breakpoint: frame 0x5: owner dom0 → dom1");
  CHECK(stop_text(gate, EventKind::frame_owner, {6, 0, 1, 0}).empty());
  CHECK(stop_text(gate, EventKind::frame_owner, {5, 0, 2, 0}).empty());
  CHECK(stop_text(gate, EventKind::p2m, {1, 5, 0, 7}).empty());
  Breakpoint entry;
  entry.on = Breakpoint::On::p2m_entry, entry.domid = 1;
  owner.enabled = false;
  gate.set_breakpoints({owner, entry});
  CHECK(stop_text(gate, EventKind::frame_owner, {5, 0, 1, 0}).empty());
  CHECK(stop_text(gate, EventKind::p2m, {1, 5, 0, 7}) == "breakpoint: P2M of dom1: entry 0x5 changes");
  Breakpoint grant;
  grant.on = Breakpoint::On::grant, grant.number = 9, grant.domid = 2;
  gate.set_breakpoints({grant});
  const auto used = [&](u32 granter, u32 user, u32 ref) {
    const observe::GrantUse u{granter, user, ref, XS_GRANT_COPY_FROM, false, false, 5};
    return stop_text(gate, EventKind::grant, {5, observe::grant_parties(u), observe::grant_what(u), 0});
  };
  CHECK(used(1, 2, 9) == "breakpoint: grant: copy from by dom2, reference 9 of dom1, frame 0x5");
  CHECK_FALSE(used(2, 1, 9).empty());
  CHECK(used(1, 2, 8).empty());
  CHECK(used(1, 3, 9).empty());
  gate.set_breakpoints({});
  CHECK(stop_text(gate, EventKind::p2m, {1, 5, 0, 7}).empty());
}

TEST_CASE("steps stop at what they wait for, once the run has been held") {
  Gate gate;
  gate.serve([](const ImageWish&, bool) { return MachineImage{}; }, [] {});
  gate.step(RunStep::change);
  CHECK(stop_text(gate, EventKind::op_begin, {0, 0, 0, 0}).empty());
  CHECK(stop_text(gate, EventKind::m2p, {0, 0, 0, 0}) == "a frame has changed");
  std::thread user([&] {
    soon([&] { return gate.status().state == RunState::paused; });
    gate.run(0);
  });
  gate.hold("a frame has changed");
  user.join();
  CHECK(stop_text(gate, EventKind::m2p, {0, 0, 0, 0}).empty());
}

TEST_CASE("what is typed is taken once, in order") {
  Gate gate;
  gate.type("list");
  gate.type("create web");
  CHECK(gate.take_line() == "list");
  CHECK(gate.take_line() == "create web");
  CHECK(gate.take_line().empty());
}

TEST_CASE("each time that is a breakpoint stops the run once, when it comes") {
  Gate gate;
  gate.serve([](const ImageWish&, bool) { return MachineImage{}; }, [] {});
  const auto at = [](u64 ps) { return Breakpoint{Breakpoint::On::time, ps, std::nullopt, true}; };
  const auto stops = [&](u64 now_ps) {
    gate.run(0);
    return gate.breathe(now_ps);
  };
  gate.set_breakpoints({at(0), at(50), at(90)});
  CHECK(stops(0));
  CHECK_FALSE(stops(10));
  CHECK(stops(52));
  gate.set_breakpoints({at(0), at(50), at(90), at(70)});  // those that have passed stay passed
  CHECK_FALSE(stops(60));
  CHECK(stops(75));
  CHECK_FALSE(stops(80));
  CHECK(stops(95));
  CHECK_FALSE(stops(200));
}

TEST_CASE("a run that is let go is not held by a step that was asked for before") {
  Gate gate;
  gate.serve([](const ImageWish&, bool) { return MachineImage{}; }, [] {});
  gate.step(RunStep::hypercall);
  gate.run(0);
  CHECK(stop_text(gate, EventKind::op_begin, {0, 0, 0, 0}).empty());
}
