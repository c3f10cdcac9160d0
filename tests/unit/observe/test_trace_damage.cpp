// Traces that are cut, twisted, or cannot be written.
#include <catch2/catch.hpp>
#include <random>

#include "busy_run.h"
#include "sim/observe/inspect.h"
#include "sim/observe/perfetto.h"
#include "sim/observe/trace_writer.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

namespace {

std::vector<u8> make_trace(const ScratchDir& dir, bool finish = true) {
  ObserverOptions options;
  options.trace_file = dir.file("run.trace");
  options.keyframe_events = 400;
  FakeMachine m(options);
  busy_run(m);
  if (finish) m.observer->finish(m.cpus[0].now_ps);
  std::ifstream in(options.trace_file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string open_error(const std::string& file) {
  try {
    TraceReader trace(file);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("no trace at all") {
  ScratchDir dir;
  const auto is = [&](std::vector<u8> bytes) {
    const std::string file = dir.write("x", bytes);
    return open_error(file).substr(file.size());
  };
  CHECK(open_error(dir.file("none")).ends_with("No such file or directory"));
  CHECK(open_error("/tmp") == "/tmp: not a regular file");
  CHECK(is({}) == ": not a trace (too short)");
  CHECK(is(std::vector<u8>(100, 'a')) == ": not a trace");
  std::vector<u8> whole = make_trace(dir);
  std::vector<u8> bytes = whole;
  bytes[12] = 9;
  CHECK(is(bytes) == ": trace version 9, this program reads 5");
  bytes = whole;
  std::swap(bytes[8], bytes[11]);
  CHECK(is(bytes) == ": trace of the other byte order");
  bytes.assign(whole.begin(), whole.begin() + 40);
  CHECK(is(bytes) == ": the trace has no header");
}

TEST_CASE("a trace cut anywhere is read up to its last whole chunk") {
  ScratchDir dir;
  const std::vector<u8> whole = make_trace(dir);
  const TraceReader full(dir.file("run.trace"));
  u64 best = 0;
  for (std::size_t size = 400; size < whole.size(); size += 173) {
    const std::string file =
        dir.write("cut", {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    const TraceReader cut(file);
    CHECK_FALSE(cut.complete());
    CHECK(cut.damage().find("truncated") != std::string::npos);
    CHECK(cut.events() >= best);
    best = cut.events();
    CHECK(*cut.state_at(~u64{0}) == *cut.state_at_by_replay(~u64{0}));
  }
  CHECK(best == full.events());
}

TEST_CASE("a run that ends without finish leaves a readable trace") {
  ScratchDir dir;
  make_trace(dir, false);
  const TraceReader trace(dir.file("run.trace"));
  CHECK_FALSE(trace.complete());
  CHECK(trace.events() >= 400);
  CHECK(inspect_summary(trace).find(", truncated\n") != std::string::npos);
}

TEST_CASE("a damaged chunk is named, not used") {
  ScratchDir dir;
  std::vector<u8> bytes = make_trace(dir);
  const TraceReader full(dir.file("run.trace"));
  const ChunkPlace& victim = full.chunks()[0];
  bytes[victim.offset + ChunkHeader::bytes + 5] ^= 1;
  const TraceReader trace(dir.write("bad", bytes));
  CHECK_THROWS_WITH(trace.replay([](const Event&, const TraceState&) { return true; }),
                    Catch::Contains("the chunk at offset " + std::to_string(victim.offset) + " is damaged"));
}

TEST_CASE("twisted traces never crash, whatever is asked of them") {
  ScratchDir dir;
  const std::vector<u8> whole = make_trace(dir);
  std::mt19937_64 random(11);
  unsigned refused = 0, read = 0;
  for (unsigned round = 0; round < 600; ++round) {
    std::vector<u8> bytes = whole;
    for (unsigned n = 1 + random() % 4; n > 0; --n)
      bytes[random() % bytes.size()] ^= static_cast<u8>(1 << random() % 8);
    if (random() % 3 == 0) bytes.resize(bytes.size() - random() % 200);
    const std::string file = dir.write("fuzz", bytes);
    try {
      const TraceReader trace(file);
      inspect_summary(trace);
      inspect_frame(trace, 0x60);
      inspect_domain(trace, 1);
      inspect_at(trace, trace.last_time_ps() / 2);
      inspect_p2m(trace, 1, trace.last_time_ps());
      export_perfetto(trace, dir.file("fuzz.pftrace"));
      ++read;
    } catch (const Error&) {
      ++refused;
    }
  }
  CHECK(refused > 300);
  CHECK(read > 5);
}

TEST_CASE("contents that lie under valid checksums never crash") {
  ScratchDir dir;
  std::mt19937_64 random(5);
  for (unsigned round = 0; round < 300; ++round) {
    const std::string file = dir.file("lie");
    {
      TraceWriter writer(file);
      TraceHeader header;
      header.ram.add(0, 64);
      header.cpus = static_cast<u32>(random() % 70);
      writer.start(header);
      for (unsigned n = 0; n < 50; ++n) {
        Event e{static_cast<EventKind>(1 + random() % (event_kinds - 1)),
                static_cast<u8>(random() % 80),
                random() % 1000,
                random() % 80,
                random() >> random() % 64,
                random() % 100,
                random() >> random() % 64,
                "text"};
        writer.put(e);
      }
      writer.finish();
    }
    try {
      const TraceReader trace(file);
      inspect_summary(trace);
      inspect_at(trace, 500);
      export_perfetto(trace, dir.file("lie.pftrace"));
    } catch (const Error&) {
    }
  }
  SUCCEED();
}

TEST_CASE("a full disk gives a clear error, and the run goes on with the same hash") {
  ObserverOptions options;
  options.trace_file = "/dev/full";
  options.keyframe_events = 400;
  FakeMachine full(options);
  busy_run(full);
  const u64 hash = full.observer->finish(full.cpus[0].now_ps);
  CHECK(full.observer->trace_error() ==
        "/dev/full: cannot be written: No space left on device; the trace ends 0 events in");
  options.trace_file.clear();
  FakeMachine silent(options);
  busy_run(silent);
  CHECK(silent.observer->finish(silent.cpus[0].now_ps) == hash);
  options.trace_file = "/nonexistent/dir/x";
  options.hypervisor.clear();
  CHECK_THROWS_WITH(Observer(options), "/nonexistent/dir/x: cannot be created: No such file or directory");
}
