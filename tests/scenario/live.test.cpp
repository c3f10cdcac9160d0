// A scenario that runs in a thread of its own, is stopped, stepped and looked at: what it shows is right, and
// it takes the course of one that nobody looks at.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "sim/observe/names.h"
#include "sim/scenario/scenario.h"
#include "tests/scenario/plain_run.h"
#include "tests/support/temp_directory.h"
#include "viz/live/simulation.h"
#include "viz/model/recording.h"

using namespace xs;
using namespace xs::viz;

namespace {

RunStatus await(const Simulation& run, RunState state) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::minutes(2);
  while (run.status().state != state && Clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  REQUIRE(run.status().state == state);
  return run.status();
}

RunStatus step(Simulation& run, RunStep what) {
  run.step(what);
  return await(run, RunState::paused);
}

observe::EventKind last_kind(Recording& recording) {
  recording.follow();
  observe::EventKind kind{};
  recording.trace().events_between(recording.events() - 1, recording.events(),
                                   [&](u64, const observe::Event& e) {
                                     kind = e.kind;
                                     return true;
                                   });
  return kind;
}

}  // namespace

TEST_CASE("a run that is stopped, stepped and looked at is the run that it would have been") {
  const std::string file = test::argument("XS_SCENARIO"), arch = test::argument("XS_ARCH");
  const test::TempDirectory work;
  SimulationOptions options{arch, work.path.string() + "/run.trace", work.path.string(), true, true, {}};
  Simulation run(scenario::load_scenario(file, {}, arch), options);
  await(run, RunState::paused);
  Recording recording(options.trace_file);

  run.wish({std::nullopt, true, TranslationWish{}});
  u64 moved = 0;
  for (int i = 0; i < 6; ++i) {
    const MachineImage before = run.image();
    const RunStatus status = step(run, RunStep::instruction);
    CHECK(status.text == "one instruction further, CPU 0");
    const MachineImage now = run.image();
    REQUIRE(now.cpus.size() >= 1);
    CHECK(now.cpus[0].code.size() > 3);
    REQUIRE(now.translation);
    CHECK(now.translation->processor->now.ok);  // it stands at an instruction that it has fetched
    moved += !before.cpus.empty() && before.cpus[0].pc != now.cpus[0].pc;
  }
  CHECK(moved >= 5);

  for (int i = 0; i < 4; ++i) {
    step(run, RunStep::change);
    const observe::EventKind kind = last_kind(recording);
    const bool change = kind == observe::EventKind::frame_owner || kind == observe::EventKind::frame_type ||
                        kind == observe::EventKind::m2p || kind == observe::EventKind::p2m;
    CHECK(change);
  }
  for (int i = 0; i < 4; ++i) {
    const RunStatus status = step(run, RunStep::hypercall);
    const observe::EventKind kind = last_kind(recording);
    const bool edge = kind == observe::EventKind::op_begin || kind == observe::EventKind::op_end;
    CHECK(edge);
    CHECK(status.text.find(kind == observe::EventKind::op_begin ? " begins" : " ends") != std::string::npos);
  }
  step(run, RunStep::instruction);  // from within a hypercall

  Breakpoint created;
  created.on = Breakpoint::On::domain_state;
  created.domid = 1;
  run.set_breakpoints({created});
  run.run(0);
  CHECK(await(run, RunState::paused).text.find("breakpoint: dom1 is ") == 0);
  run.set_breakpoints({});
  recording.follow();
  CHECK(recording.newest().domains().contains(1));
  const u64 mfn = recording.newest().domains().at(1).shared_info_mfn;
  TranslationWish of_dom0;
  of_dom0.subject = {std::nullopt, 0};
  run.wish({mfn, false, of_dom0});
  for (int i = 0; i < 2000 && !run.image().frame; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  REQUIRE(run.image().frame);
  CHECK(run.image().frame->mfn == mfn);
  CHECK(run.image().frame->bytes.size() == 4096);
  REQUIRE(run.image().translation);
  CHECK(run.image().translation->known);
  CHECK(run.image().translation->dv == 0u);
  run.wish({std::nullopt, false, {}, 7});  // all of memory is looked at
  for (int i = 0; i < 20000 && !run.image().dirty; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  REQUIRE(run.image().dirty);
  CHECK(run.image().dirty->count == 0);
  CHECK(run.image().dirty->since_ps == run.image().time_ps);

  const u64 slow_from = recording.last_ps();
  run.run(0.01);
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  run.pause();
  await(run, RunState::paused);
  recording.follow();
  // A hundredth of real time, and what the quanta are long.
  CHECK(recording.last_ps() - slow_from < 100'000'000'000);
  run.run(0);
  REQUIRE(run.wait(300));
  CHECK(run.result().message.empty());
  CHECK(run.result().exit_code == 0);

  const nlohmann::json plain = test::plain_run(file, arch, work.path.string() + "/plain.json");
  CHECK(fmt::format("{:016x}", run.result().trace_hash) == plain["trace_hash"]);
  CHECK(fmt::format("{:016x}", run.result().execution_hash) == plain["execution_hash"]);
}
