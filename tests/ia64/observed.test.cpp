// The observer on an IA-64 machine, whose hypervisor has windows in place of page tables:
// guests/ia64/observed plays it, and does on demand what the monitors are for.
#include <algorithm>
#include <cstring>

#include "sim/observe/observer.h"
#include "tests/cosim/machine/child_machine.h"

using namespace xs;
using namespace xs::observe;
using xs::platform::StopReason;

namespace {

constexpr u64 second_ps = 1'000'000'000'000;

struct Found {
  StopReason reason = StopReason::paused;
  u32 exit_value = 0;
  ObserverCounters counters;
  u64 frames_of_1 = 0, frames_of_2 = 0, differences = 0, invariants = 0, trace_hash = 0, execution_hash = 0;
  u64 violations = 0;
  Invariant which = Invariant::owner;
  char violation[400] = {}, difference[200] = {}, invariant[200] = {}, serial[100] = {}, p2m[100] = {};
};

struct Serial : ConsoleSink {
  void on_output(std::string_view bytes, u64) override { text += bytes; }
  std::string text;
};

template <std::size_t n>
void copy(char (&to)[n], const std::string& text) {
  std::strncpy(to, text.c_str(), n - 1);
}

Found observe(const std::string& what, u32 quantum, Fidelity fidelity) {
  ObserverOptions options;
  options.hypervisor = std::string(XS_IA64_IMAGE_DIR) + "/observed.elf";
  options.architecture = "ia64";
  options.isolation_monitor = true;
  Observer observer(options);
  platform::MachineConfig config = platform::default_machine("ia64");
  config.memory_mib = 64;
  config.quantum = quantum;
  config.fidelity = fidelity;
  config.taps = observer.taps();
  platform::Machine machine(config, &observer);
  observer.attach(machine.memory());
  observer.watch_tlbs([&](unsigned cpu, u64 mfn) { return machine.tlb_maps_for_user(cpu, mfn); });
  observer.watch_tags([&](unsigned cpu) { return machine.tagged_pages(cpu); });
  Serial serial;
  machine.set_serial_sink(&serial);
  machine.load({options.hypervisor, what, {}});
  Found f;
  f.reason = machine.run_until(second_ps);
  f.exit_value = machine.exit_value();
  f.counters = observer.counters();
  f.frames_of_1 = observer.ownership().frames(1), f.frames_of_2 = observer.ownership().frames(2);
  const auto differences = observer.compare_with_memory(machine.cpu(0), &f.differences);
  if (!differences.empty()) copy(f.difference, differences[0].text);
  const CpuView* cpu = &machine.cpu(0);
  const CheckReport report = observer.check_invariants({&cpu, 1}, machine.now_ps());
  f.invariants = report.violation_count;
  if (!report.violations.empty()) copy(f.invariant, report.violations[0].text);
  f.violations = observer.isolation_violations().size();
  if (f.violations != 0) {
    f.which = observer.isolation_violations()[0].which;
    copy(f.violation, observer.isolation_violations()[0].text);
  }
  copy(f.serial, serial.text);
  copy(f.p2m, observer.p2m_dump(1));
  f.trace_hash = observer.finish(machine.now_ps());
  f.execution_hash = machine.execution_hash();
  return f;
}

Found run(const std::string& what, u32 quantum = 10'000, Fidelity fidelity = Fidelity::fast) {
  const Found f = test::in_child([&] { return observe(what, quantum, fidelity); });
  CHECK(f.reason == StopReason::exited);
  CHECK(f.exit_value == 0);
  return f;
}

bool begins(const char* text, const char* with) { return std::string_view(text).starts_with(with); }
bool holds(const char* text, const char* part) {
  return std::string_view(text).find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("the observer follows an IA-64 hypervisor") {
  const u32 quantum = GENERATE(10'000u, 1013u);
  const Fidelity fidelity = GENERATE(Fidelity::fast, Fidelity::exact);
  const Found f = run("", quantum, fidelity);
  CAPTURE(f.difference, f.violation, f.invariant);
  CHECK(f.differences == 0);
  CHECK(f.violations == 0);
  CHECK(f.invariants == 0);
  // Two of each of 16384 frames, four of five given frames, nine marks, one more owner: no tap twice,
  // whatever the TLB lacks.
  CHECK(f.counters.taps == 2 * 16384 + 4 * 5 + 9 + 1);
  CHECK(f.counters.stores_outside == 0);
  CHECK(f.counters.rejected == 0);
  CHECK(f.counters.guarded_stores == 4 * 5 + 1);  // since memory is ready; all by the routines
  CHECK(f.counters.tlb_fills_user == 2);
  CHECK(f.frames_of_1 == 2);
  CHECK(f.frames_of_2 == 3);
  CHECK(std::string(f.p2m) == "pfn=0x3001 ==> mfn=0x3001\n");
  CHECK(holds(f.serial, "guest stored 0x1234"));
}

TEST_CASE("the same run has the same hashes") {
  const Found one = run(""), other = run("");
  CHECK(one.trace_hash == other.trace_hash);
  CHECK(one.execution_hash == other.execution_hash);
}

TEST_CASE("a plain store to the frame table is told") {
  const Found f = run("store");
  REQUIRE(f.violations == 1);
  CHECK(f.which == Invariant::table_store);
  CHECK(begins(f.violation,
               "a store outside of the store routines to frame table entries of frames 0x3000 .. 0x307f"));
  CHECK(holds(f.violation, "observed.elf: "));
}

TEST_CASE("a plain store to the M2P by another address is told, and the replica differs") {
  const Found f = run("alias");
  REQUIRE(f.violations == 1);
  CHECK(f.which == Invariant::table_store);
  CHECK(
      begins(f.violation, "a store outside of the store routines to frame table or M2P, at another address"));
  CHECK(f.differences == 1);
  CHECK(begins(f.difference, "frame 0x3003 of dom2: M2P is 0x99 in memory, 0x3003 in the replica"));
}

TEST_CASE("a translation that shows a guest another domain's frame is told") {
  const Found f = run("itc");
  REQUIRE(f.violations == 1);
  CHECK(f.which == Invariant::isolation);
  CHECK(begins(f.violation,
               "dom1 may write frame 0x3003 of dom2 at 0x6000000000008000, CPU 0, PC observed.elf: "));
}

TEST_CASE("a frame that changes hands under a guest's translation is told") {
  const Found f = run("stale");
  REQUIRE(f.violations == 1);
  CHECK(f.which == Invariant::stale_tlb);
  CHECK(begins(f.violation,
               "frame 0x3002 goes from dom1 to dom2, but the TLB of CPU 0 (running dom1) still maps"));
}

TEST_CASE("a window that leads nowhere leaves tables without memory") {
  const Found f = run("window");
  CHECK(f.differences == 16384);
  CHECK(holds(f.difference, "its entry in frame table or M2P is not mapped"));
}
