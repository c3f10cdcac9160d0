// The Perfetto export, decoded by protoc with our subset of the schema.
#include <catch2/catch.hpp>
#include <cstdio>

#include "busy_run.h"
#include "sim/observe/perfetto.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

namespace {

std::string decode(const std::string& file) {
  const std::string command = std::string(XS_PROTOC) +
                              " --decode=perfetto.protos.Trace --proto_path=" XS_SOURCE_DIR " " XS_SOURCE_DIR
                              "/sim/observe/perfetto_trace.proto < " +
                              file;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::string text;
  char buffer[4096];
  while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, n);
  return ::pclose(pipe) == 0 ? text : "protoc failed";
}

unsigned count(const std::string& text, const std::string& what) {
  unsigned n = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size()) ++n;
  return n;
}

}  // namespace

TEST_CASE("tracks, slices, instants and counters are there and balanced") {
  ScratchDir dir;
  ObserverOptions options;
  options.trace_file = dir.file("run.trace");
  options.scenario = "busy";
  FakeMachine m(options);
  busy_run(m, 5);
  m.begin(dv(1), op_populate);  // still open at the end
  m.observer->console_line("dom1", "bell\x07 and \xff", m.cpus[0].now_ps);
  m.observer->finish(m.cpus[0].now_ps);
  export_perfetto(TraceReader(options.trace_file), dir.file("run.pftrace"));
  const std::string text = decode(dir.file("run.pftrace"));

  for (const char* name :
       {"process_name: \"machine\"", "process_name: \"busy\"", "process_name: \"dom1 (web)\"",
        "process_name: \"dom0 (Domain-0)\"", "name: \"CPU 0\"", "name: \"CPU 1\"", "name: \"vcpu0\"",
        "name: \"steps\"", "name: \"console\"", "name: \"frames: free\"", "name: \"domctl.createdomain\"",
        "name: \"dom1 (web) vcpu0\"", "name: \"event, port 3, from dom0 (Domain-0)\"",
        "string_value: \"goodbye\"", "string_value: \"bell? and ?\"", "name: \"MSR\"", "unit: UNIT_COUNT",
        "name: \"balloon\"", "name: \"grant: copy from, reference 9 of dom1 (web)\""}) {
    INFO(name);
    CHECK(text.find(name) != std::string::npos);
  }
  CHECK(count(text, "name: \"memory_op.populate_physmap\"") == 5 + 1 + 1);
  CHECK(count(text, "name: \"multicall\"") == 5);
  CHECK(count(text, "name: \"#PF\"") == 5 + 5);  // taken by the core, handed to the guest
  CHECK(count(text, "TYPE_SLICE_BEGIN") == count(text, "TYPE_SLICE_END"));
  CHECK(count(text, "TYPE_COUNTER") > 10);
  CHECK(count(text, "trusted_packet_sequence_id: 1") == count(text, "packet {"));
  CHECK(count(text, "sequence_flags: 1") == 1);
  CHECK(text.find("counter_value: 16\n") != std::string::npos);
  // Field numbers, on the wire: an unknown field would be printed as a number.
  CHECK(text.find("\n  1: ") == std::string::npos);
}

TEST_CASE("time on a track never runs backwards") {
  ScratchDir dir;
  ObserverOptions options;
  options.trace_file = dir.file("run.trace");
  FakeMachine m(options);
  m.boot();
  m.create(1, 0x40);
  m.cpus[0].now_ps = 50'000'000'000;  // this CPU is a quantum ahead
  m.begin(dv(1), op_populate, 0, 0);
  m.cpus[1].now_ps = 10'000'000'000;
  m.end(dv(1), op_populate, 0, 1);
  m.observer->finish(m.cpus[0].now_ps);
  export_perfetto(TraceReader(options.trace_file), dir.file("run.pftrace"));
  const std::string text = decode(dir.file("run.pftrace"));
  CHECK(text.find("timestamp: 50001000") != std::string::npos);
  CHECK(text.find("timestamp: 10001000") == std::string::npos);
}

TEST_CASE("an export that cannot be written says so") {
  ScratchDir dir;
  ObserverOptions options;
  options.trace_file = dir.file("run.trace");
  FakeMachine m(options);
  busy_run(m, 40);
  m.observer->finish(m.cpus[0].now_ps);
  const TraceReader trace(options.trace_file);
  CHECK_THROWS_WITH(export_perfetto(trace, "/dev/full"),
                    "/dev/full: cannot be written: No space left on device");
  CHECK_THROWS_WITH(export_perfetto(trace, "/nonexistent/x"),
                    "/nonexistent/x: cannot be written: No such file or directory");
}
