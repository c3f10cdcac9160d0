// The native trace: what is written is read back, from any point, identically for identical runs.
#include <catch2/catch.hpp>

#include "busy_run.h"
#include "sim/observe/trace_reader.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

namespace {
std::vector<u8> read_all(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
}  // namespace

TEST_CASE("a trace tells the run: header, order, end state, hash") {
  ScratchDir dir;
  ObserverOptions options;
  options.trace_file = dir.file("run.trace");
  options.scenario = "busy";
  options.seed = 42;
  options.keyframe_events = 500;
  FakeMachine m(options);
  busy_run(m);
  const u64 hash = m.observer->finish(m.cpus[0].now_ps);
  CHECK(m.observer->trace_error().empty());
  CHECK(m.observer->finish(m.cpus[0].now_ps) == hash);

  const TraceReader trace(options.trace_file);
  CHECK(trace.complete());
  CHECK(trace.header().scenario == "busy");
  CHECK(trace.header().seed == 42);
  CHECK(trace.header().cpus == 2);
  REQUIRE(trace.header().images.size() == 2);
  CHECK(trace.header().images[0].name == "hv.elf");
  CHECK(trace.header().ram.frames() == 512);
  CHECK(trace.recorded_hash() == hash);
  CHECK(trace.computed_hash() == hash);
  CHECK(trace.events() == m.observer->counters().trace_events);

  std::array<u64, event_kinds> kinds{};
  std::vector<std::string> texts;
  trace.replay([&](const Event& e, const TraceState& before) {
    ++kinds[static_cast<u8>(e.kind)];
    if (e.kind == EventKind::console) texts.push_back(before.string(e.a) + ": " + std::string(e.text));
    if (e.kind == EventKind::step_begin) texts.push_back("step " + before.string(e.a));
    return true;
  });
  const auto seen = [&](EventKind k) { return kinds[static_cast<u8>(k)]; };
  CHECK(texts ==
        std::vector<std::string>{"step boot", "xen: (XEN) dom0 entered", "step balloon", "dom1: goodbye"});
  CHECK(seen(EventKind::op_begin) == 1 + 3 * 40 + 1);
  CHECK(seen(EventKind::event_send) == 40);
  CHECK(seen(EventKind::event_port) == 1 + 20 + 5);
  CHECK(seen(EventKind::bounce) == 40);
  CHECK(seen(EventKind::grant_table) == 3);
  CHECK(seen(EventKind::grant) ==
        m.observer->counters().grant_maps + m.observer->counters().grant_unmaps + 40);
  CHECK(seen(EventKind::tlb_flush) == 40);
  CHECK(seen(EventKind::trap) == 40);
  CHECK(seen(EventKind::interrupt) == 40);
  CHECK(seen(EventKind::p2m) == 80);
  CHECK(seen(EventKind::unmodelled) == 1);
  CHECK(seen(EventKind::domain_created) == 3);
  CHECK(seen(EventKind::frame_owner) == m.observer->counters().owner_changes);
  CHECK(seen(EventKind::m2p) == m.observer->counters().m2p_changes);

  const auto end = trace.state_at(trace.last_time_ps());
  const OwnershipTable live = m.observer->ownership(), recorded = end->ownership();
  REQUIRE(recorded.rows.size() == live.rows.size());
  for (std::size_t i = 0; i < live.rows.size(); ++i) {
    CHECK(recorded.rows[i].owner == live.rows[i].owner);
    CHECK(recorded.rows[i].by_type == live.rows[i].by_type);
  }
  CHECK(end->domain_label(1) == "dom1 (web)");
  CHECK(end->port(1, 3) == EventPort{XS_PORT_INTERDOMAIN, 0, 0, 5, 40});
  CHECK(end->port(0, 6) == EventPort{XS_PORT_VIRQ, 0, 0, 0, 0});
  CHECK(end->port(0, 4).kind == XS_PORT_CLOSED);
  CHECK(end->domains().at(0).ports.size() == 3);
  CHECK(end->domains().at(1).grant_pages == std::map<u32, u64>{{0, 0x50}});
  CHECK(end->grants().mappings() == m.observer->counters().grant_active);
  CHECK(*end->grants().find({1, 9, 0}) == GrantInUse{0x59, {0, 4}, {4, 0}});
}

TEST_CASE("seeking by keyframe equals replaying everything, at every instant") {
  ScratchDir dir;
  ObserverOptions options;
  options.trace_file = dir.file("run.trace");
  options.keyframe_events = 137;
  FakeMachine m(options);
  busy_run(m, 60);
  m.observer->finish(m.cpus[0].now_ps);
  const TraceReader trace(options.trace_file);
  u64 keyframes = 0;
  for (const ChunkPlace& p : trace.chunks()) keyframes += p.header.type == ChunkType::keyframe;
  CHECK(keyframes > 10);
  const u64 step = trace.last_time_ps() / 97;
  for (u64 t = 0; t <= trace.last_time_ps() + step; t += step) {
    INFO("time " << t);
    CHECK(*trace.state_at(t) == *trace.state_at_by_replay(t));
  }
}

TEST_CASE("the same run gives the same bytes; a different one another hash; the file does not matter") {
  ScratchDir dir;
  const auto run = [&](const std::string& file, unsigned rounds) {
    ObserverOptions options;
    options.trace_file = file;
    options.keyframe_events = 300;
    FakeMachine m(options);
    busy_run(m, rounds);
    return m.observer->finish(m.cpus[0].now_ps);
  };
  const u64 first = run(dir.file("a"), 10);
  CHECK(run(dir.file("b"), 10) == first);
  CHECK(run("", 10) == first);
  CHECK(run("", 11) != first);
  CHECK(read_all(dir.file("a")) == read_all(dir.file("b")));
}

TEST_CASE("the hash stays what it is: a change of format must be meant") {
  FakeMachine m;
  busy_run(m, 3);
  CHECK(m.observer->finish(m.cpus[0].now_ps) == 0x4daf2e636f242e19);
}

TEST_CASE("a large trace spans chunks by size alone") {
  ScratchDir dir;
  ObserverOptions options;
  options.trace_file = dir.file("run.trace");
  options.keyframe_events = ~u64{0};
  FakeMachine m(options);
  busy_run(m, 2);
  for (unsigned i = 0; i < 60'000; ++i) m.set_m2p(0x90, i);
  m.observer->finish(m.cpus[0].now_ps);
  const TraceReader trace(options.trace_file);
  CHECK(trace.chunks().size() > 1);
  CHECK(trace.events() > 60'000);
  CHECK(trace.state_at(trace.last_time_ps())->frame(0x90).gfn == 59'999);
}
