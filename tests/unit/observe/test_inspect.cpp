// Who owned it, when, through which operation: answers from the trace alone.
#include <catch2/catch.hpp>

#include "busy_run.h"
#include "sim/observe/inspect.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

namespace {
struct Recorded {
  ScratchDir dir;
  std::unique_ptr<TraceReader> trace;
  Recorded() {
    ObserverOptions options;
    options.trace_file = dir.file("run.trace");
    options.keyframe_events = 300;
    FakeMachine m(options);
    busy_run(m, 9);
    m.observer->finish(m.cpus[0].now_ps);
    trace = std::make_unique<TraceReader>(options.trace_file);
  }
};
}  // namespace

TEST_CASE("history of a frame: owners, M2P, types, each with its operation") {
  const Recorded r;
  const auto events = frame_events(*r.trace, 0x60);
  std::vector<std::string> lines;
  for (const FrameEvent& e : events) lines.push_back(e.text + " by " + e.cause.text);
  REQUIRE(lines.size() == 13);  // boot; two rounds of give, type, release
  CHECK(lines[0] == "owner none -> free by no operation");
  CHECK(lines[1] == "owner free -> dom1 (web) by dom1 (web) vcpu0 memory_op.populate_physmap");
  CHECK(lines[2] == "M2P invalid -> 0xc8 by dom1 (web) vcpu0 memory_op.populate_physmap");
  CHECK(lines[3] == "type none -> L1 by no operation");
  CHECK(lines[4] == "M2P 0xc8 -> invalid by dom1 (web) vcpu0 memory_op.decrease_reservation");
  CHECK(lines[6] == "owner dom1 (web) -> free by dom1 (web) vcpu0 memory_op.decrease_reservation");
  CHECK(events[1].time_ps < events[2].time_ps);
  CHECK(inspect_frame(*r.trace, 0x60).find("at the end  owner free, type none, M2P invalid\n") !=
        std::string::npos);
  CHECK_THROWS_WITH(frame_events(*r.trace, 0x5000), "frame 0x5000 is not RAM");
}

TEST_CASE("a domain's memory over time, one row per operation, with the step") {
  const Recorded r;
  const auto rows = domain_memory(*r.trace, 1);
  REQUIRE(rows.size() == 1 + 2 * 9);
  CHECK(rows[0].gained == guest_frames + 1);
  CHECK(rows[0].frames == guest_frames + 1);
  CHECK(rows[0].cause.text == "dom0 (Domain-0) vcpu0 domctl.createdomain");
  CHECK(rows[0].step == "boot");
  CHECK((rows[1].gained == 1 && rows[1].lost == 0 && rows[1].frames == guest_frames + 2));
  CHECK((rows[2].lost == 1 && rows[2].frames == guest_frames + 1));
  CHECK(rows[2].cause.operation == op_decrease);
  CHECK(rows[2].step == "balloon");
  const std::string text = inspect_domain(*r.trace, 1);
  CHECK(text.starts_with("dom1 (web)\n"));
  CHECK(
      text.find("      +1 ->       17 frames  by dom1 (web) vcpu0 memory_op.populate_physmap  [balloon]\n") !=
      std::string::npos);
  CHECK(text.find("at the end  running, direct, 16 frames, 27 hypercalls\n") != std::string::npos);
  CHECK_THROWS_WITH(inspect_domain(*r.trace, 77), "the trace has no domain 77");
}

TEST_CASE("the state at a time: owners, domains, what each CPU does") {
  const Recorded r;
  const std::string start = inspect_at(*r.trace, 0);
  CHECK(start.find("none           512") != std::string::npos);
  const auto rows = domain_memory(*r.trace, 1);
  const std::string during = inspect_at(*r.trace, rows[1].first_ps);
  CHECK(during.find("dom1            17") != std::string::npos);
  CHECK(during.find("CPU 0: dom1 (web) vcpu0, in memory_op.populate_physmap\n") != std::string::npos);
  CHECK(during.find("CPU 1: idle\n") != std::string::npos);
}

TEST_CASE("P2M dump as xen-mfndump prints it") {
  const Recorded r;
  const std::string dump = inspect_p2m(*r.trace, 1, r.trace->last_time_ps());
  CHECK(dump.starts_with("pfn=0x0 ==> mfn=0x100000000\n"));
  CHECK(std::count(dump.begin(), dump.end(), '\n') == guest_frames);
  CHECK_THROWS_WITH(inspect_p2m(*r.trace, 9, 0), "no domain 9 at 0.000000 ms");
}

TEST_CASE("times") {
  CHECK(parse_time_ps("20us") == 20'000'000);
  CHECK(parse_time_ps("1.5ms") == 1'500'000'000);
  CHECK(parse_time_ps("3s") == 3'000'000'000'000);
  CHECK(parse_time_ps("2") == 2'000'000'000);
  CHECK(parse_time_ps("7ps") == 7);
  for (const char* bad : {"", "x", "1 ms", "-1s", "nan", "1e300s", "5min"}) CHECK_FALSE(parse_time_ps(bad));
  CHECK(time_text(12'345'678'901) == "12.345678 ms");
}
