// How long the visualizer takes to open a trace of a million events, in the processor's time: what else the
// machine does meanwhile does not count.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <ctime>

#include "sim/observe/trace_reader.h"
#include "sim/observe/trace_writer.h"
#include "tests/support/temp_directory.h"
#include "viz/model/workspace.h"

using namespace xs;
using observe::Event;
using observe::EventKind;

namespace {

constexpr u64 million = 1'000'000;

/// A run's own mixture: its events over and over, each round later; what exists once is told once.
void write_trace(const observe::TraceReader& run, const std::string& file) {
  observe::TraceWriter writer(file);
  observe::TraceState state(run.header().ram);
  writer.start(run.header());
  constexpr u64 keyframe_events = 65'536;  // as ObserverOptions
  for (u64 round = 0; writer.events() < million; ++round)
    run.replay([&](const Event& event, const observe::TraceState&) {
      const bool once = event.kind == EventKind::string || event.kind == EventKind::domain_created;
      if (round > 0 && once) return true;
      Event later = event;
      later.time_ps += round * (run.last_time_ps() + 1);
      writer.put(later);
      state.apply(later);
      if (writer.events_since_keyframe() >= keyframe_events) writer.keyframe(state);
      return writer.events() < million;
    });
  writer.finish();
}

template <class Work>
double cpu_seconds(Work work) {
  const std::clock_t begin = std::clock();
  work();
  return double(std::clock() - begin) / CLOCKS_PER_SEC;
}

}  // namespace

TEST_CASE("a trace of a million events is opened in less than two seconds") {
  // Measured: 0.15 s. A processor of a third of that speed may have it.
  constexpr double most_s = 0.5;
  for (const char* architecture : {"x86_64", "ia64"}) {
    const test::TempDirectory dir;
    const std::string file = (dir.path / "large.trace").string();
    write_trace(
        observe::TraceReader(fmt::format("{}/tests/unit/viz/traces/{}.trace", XS_SOURCE_DIR, architecture)),
        file);
    viz::Workspace workspace;
    const double opening = cpu_seconds([&] {
      workspace.open("large", file);
      workspace.advance(0);
    });
    viz::MachineTab& machine = workspace.machine();
    REQUIRE(machine.recording.events() == million);
    REQUIRE(machine.scene.moment() == million);
    CHECK(machine.recording.changes().size() > million / 3);
    const double leap = cpu_seconds([&] {
      machine.transport.go(million / 2);
      workspace.advance(0);
    });
    CHECK(machine.scene.moment() == million / 2);
    WARN(fmt::format("{}: {:.2f} s to open, {:.2f} s to go to its middle", architecture, opening, leap));
    CHECK(opening < most_s);
    CHECK(leap < most_s);
  }
}
