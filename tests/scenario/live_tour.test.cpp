// The controls of a live run, worked by mouse and keyboard in the interface of a simulation that really runs:
// it stops, steps and goes on as the buttons say, and ends as it would have.
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>

#include "sim/scenario/scenario.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/viz/tour/stage.h"
#include "viz/draw/keys.h"
#include "viz/live/simulation.h"

using namespace xs;
using namespace xs::test;
using observe::EventKind;
using viz::RunState;

namespace {

std::string argument(const char* name) {
  const char* value = std::getenv(name);
  REQUIRE(value);
  return value;
}

/// Goes on drawing until it is so.
void await(Stage& s, const char* what, const std::function<bool()>& so) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::seconds(20);
  while (!so() && Clock::now() < end) s.hand().frames();
  INFO(what << ": " << s.machine().run->status().text << ", state "
            << unsigned(s.machine().run->status().state) << ", at " << s.machine().recording.last_ps());
  REQUIRE(so());
}

struct Live {
  Stage& s;
  viz::Simulation& run;

  viz::RunStatus paused() const {
    await(s, "paused", [&] { return run.status().state == RunState::paused; });
    s.hand().frames(2);  // which the interface has noticed
    return run.status();
  }
  viz::RunStatus step(const char* button) const {
    s.hand().click(button);
    return paused();
  }
  EventKind last_kind() const {
    EventKind kind{};
    const viz::Recording& r = s.machine().recording;
    r.trace().events_between(r.events() - 1, r.events(), [&](u64, const observe::Event& e) {
      kind = e.kind;
      return true;
    });
    return kind;
  }
};

void steps(const Live& live) {
  live.paused();
  live.s.open_tab("cpus");
  await(live.s, "an image", [&] { return !live.run.image().cpus.empty(); });
  unsigned moved = 0;
  for (int i = 0; i < 6; ++i) {
    const u64 before = live.run.image().cpus.at(0).pc;
    CHECK(live.step("+1 instruction").text == "one instruction further, CPU 0");
    moved += live.run.image().cpus.at(0).pc != before;
  }
  CHECK(moved >= 5);
  for (int i = 0; i < 3; ++i) {
    live.step("+1 change");
    const EventKind kind = live.last_kind();
    CHECK((kind == EventKind::frame_owner || kind == EventKind::frame_type || kind == EventKind::m2p ||
           kind == EventKind::p2m));
  }
  for (int i = 0; i < 3; ++i) {
    live.step("+1 hypercall");
    const EventKind kind = live.last_kind();
    CHECK((kind == EventKind::op_begin || kind == EventKind::op_end));
  }
}

void breaks(const Live& live) {
  Hand& hand = live.s.hand();
  live.s.open_tab("breakpoints");
  hand.choose("breakpoints/##kind", "domain enters state");
  hand.enter("breakpoints/##domid", "1");
  hand.click("breakpoints/Add");
  hand.click("Run");
  CHECK(live.paused().text.find("breakpoint: dom1 is ") == 0);
  CHECK(live.s.machine().recording.newest().domains().contains(1));
  hand.click("breakpoints/Remove");
  CHECK(live.s.choice().breakpoints.empty());
}

void goes_on(const Live& live) {
  Hand& hand = live.s.hand();
  const u64 from = live.s.machine().recording.last_ps();
  hand.click("Slow");
  CHECK(live.run.status().state == RunState::running);
  hand.frames(10);
  hand.click("Pause");
  live.paused();
  constexpr u64 ps_a_second_at_most = 1'000'000'000'000 / 100;  // ten times what it may go, for the quanta
  CHECK(live.s.machine().recording.last_ps() - from < ps_a_second_at_most);
  for (const RunState state : {RunState::running, RunState::paused}) {
    hand.press(viz::key::f1 + 4);
    await(live.s, "F5", [&] { return live.run.status().state == state; });
  }
}

void types(const Live& live) {
  Hand& hand = live.s.hand();
  live.s.open_tab("consoles");
  hand.enter("consoles/##input", "info");
  hand.click("Run");
  await(live.s, "an answer", [&] {
    const viz::Recording& r = live.s.machine().recording;
    return std::any_of(r.lines().begin(), r.lines().end(), [&](const viz::ConsoleText& line) {
      return r.sources()[line.source] == "operator" && line.text.find("info") != line.text.npos;
    });
  });
}

}  // namespace

TEST_CASE("a simulation is stopped, stepped and let go by the interface's controls") {
  const std::string arch = argument("XS_ARCH");
  const TempDirectory work;
  const std::string trace = (work.path / "run.trace").string();
  viz::Simulation run(scenario::load_scenario(argument("XS_SCENARIO"), {}, arch),
                      {arch, trace, work.path.string(), true, true, {}});
  Stage s(trace, run);
  const Live live{s, run};
  steps(live);
  breaks(live);
  goes_on(live);
  types(live);
  await(s, "the end", [&] { return run.status().state == RunState::ended; });
  s.hand().frames(2);
  CHECK_FALSE(s.hand().there("Pause"));
  REQUIRE(run.wait(60));
  CHECK(run.result().message == "");
  CHECK(run.result().exit_code == 0);
}
