// The balloon scenario on our machine and on QEMU: console by console the same text, times and machine
// addresses masked. QEMU's TCG is the judge of what the images do on a real implementation of the machine.
//
// One CPU, memory without the high window (QEMU has none). Lines whose number depends on how much time passes
// (the guests' periodic workers) are left out.
#include <stdlib.h>
#include <catch2/catch.hpp>
#include <filesystem>
#include <regex>

#include "sim/scenario/machine_target.h"
#include "sim/scenario/runner.h"
#include "tests/scenario/qemu_target.h"
#include "tests/support/qemu_microvm.h"
#include "tests/support/temp_directory.h"

using namespace xs;
using namespace xs::scenario;
using xs::test::TempDirectory;

namespace {

/// Clock rates, times and scheduling state are the machine's own; addresses and sizes of RAM follow from the
/// firmware's tables.
std::string mask(std::string line) {
  static const std::pair<std::regex, const char*> masks[] = {
      {std::regex("\\b[0-9a-f]{9,16}\\b"), "<address>"},
      {std::regex("[0-9]+ kHz"), "<rate> kHz"},
      {std::regex("[-r][-b][-p][-s][-c][-d] +[0-9]+\\.[0-9]$"), "<state> <time>"},
      {std::regex("^RAM .*"), "RAM <range>"},
      {std::regex("^([0-9]+ MiB of RAM|Memory: .*)$"), "<memory>"},
      {std::regex("(free_memory|free_kib|total_memory)( +: )[0-9]+"), "$1$2<size>"},
  };
  for (const auto& [pattern, with] : masks) line = std::regex_replace(line, pattern, with);
  return line;
}

std::map<std::string, std::vector<std::string>> transcript(const RunResult& r) {
  static const std::regex periodic("^worker\\[");
  std::map<std::string, std::vector<std::string>> out;
  for (const ConsoleLine& line : r.console) {
    if (std::regex_search(line.text, periodic)) continue;
    std::string text = mask(line.text);
    auto& lines = out[line.source];
    // The number of RAM ranges is the firmware's choice.
    if (text == "RAM <range>" && !lines.empty() && lines.back() == text) continue;
    lines.push_back(std::move(text));
  }
  return out;
}

}  // namespace

namespace {

struct Pair {
  RunResult ours, theirs;
};

Pair run_both(const std::string& file) {
  REQUIRE(test::QemuMicrovm::available());
  const Scenario s = load_scenario(XS_SOURCE_DIR "/" + file, {}, "x86_64");
  const TempDirectory ours, theirs;
  const std::unique_ptr<Target> machine = make_machine_target(s, {"x86_64", "", ours.path.string()});
  Pair p;
  p.ours = Runner(s, *machine).run();
  INFO(p.ours.message);
  REQUIRE(p.ours.exit_code == 0);
  const std::unique_ptr<Target> qemu = make_qemu_target(s, theirs.path.string());
  p.theirs = Runner(s, *qemu).run();
  INFO(p.theirs.message);
  CHECK(p.theirs.exit_code == 0);
  return p;
}

/// Where our observer counts frames, the runner must ask QEMU's dom0 again and again: `list` and its answer.
void drop_lists(std::vector<std::string>& lines) {
  std::vector<std::string> kept;
  bool in_list = false;
  for (std::string& line : lines) {
    in_list = in_list || line == "xl> list";
    const bool last = in_list && line == "= 0";
    if (!in_list) kept.push_back(std::move(line));
    if (last) in_list = false;
  }
  lines = std::move(kept);
}

using Transcript = std::map<std::string, std::vector<std::string>>;

void require_same_consoles(const Transcript& a, const Transcript& b) {
  for (const auto& [source, lines] : a) {
    INFO("console " << source);
    const auto it = b.find(source);
    REQUIRE(it != b.end());
    CHECK(it->second == lines);
  }
  CHECK(a.size() == b.size());
}

}  // namespace

// SystemC elaborates once per process: CTest runs each case in a process of its own.
TEST_CASE("the same is printed on QEMU", "[balloon]") {
  const Pair p = run_both("tests/scenario/oracle.json");
  require_same_consoles(transcript(p.ours), transcript(p.theirs));
}

TEST_CASE("the same is printed on QEMU in memory model translated", "[translated]") {
  const Pair p = run_both("tests/scenario/oracle-translated.json");
  require_same_consoles(transcript(p.ours), transcript(p.theirs));
}

TEST_CASE("a disk that is written prints the same on QEMU", "[block]") {
  const Pair p = run_both("tests/scenario/oracle-block.json");
  require_same_consoles(transcript(p.ours), transcript(p.theirs));
}

TEST_CASE("a station on the wire is reached on QEMU, too", "[wire]") {
  const Pair p = run_both("tests/scenario/oracle-wire.json");
  require_same_consoles(transcript(p.ours), transcript(p.theirs));
}

// Its own expectations about ownership are judged on our machine alone: QEMU is not observed.
TEST_CASE("the main job prints the same on QEMU", "[demo]") {
  const Pair p = run_both("scenarios/demo/balloon.json");
  auto a = transcript(p.ours), b = transcript(p.theirs);
  drop_lists(a["operator"]);
  drop_lists(b["operator"]);
  REQUIRE(a["operator"].size() == 11);  // create, mem-set twice, shutdown, shutdown-host
  require_same_consoles(a, b);
}

// Consoles of the hypervisor and of dom0 are the subject of the cases above; here they would differ in how
// far the next domain's creation got when a guest said its last word.
void compare_guests(const std::string& file) {
  const Pair p = run_both(file);
  const auto a = transcript(p.ours), b = transcript(p.theirs);
  for (const auto& [id, name] : p.ours.domain_names) {
    INFO("console " << name);
    const std::string source = "dom" + std::to_string(id);
    const auto ours = a.find(source), theirs = b.find(source);
    REQUIRE(ours != a.end());
    REQUIRE(theirs != b.end());
    CHECK(ours->second.front() == "--- test-" + name);
    CHECK(theirs->second == ours->second);
  }
}

TEST_CASE("test guests print the same on QEMU", "[guests]") {
  compare_guests("tests/scenario/oracle-test-guests.json");
}

TEST_CASE("slower test guests print the same on QEMU", "[guests-2]") {
  compare_guests("tests/scenario/oracle-test-guests-2.json");
}

TEST_CASE("two processors come up on QEMU", "[smp]") { run_both("tests/scenario/oracle-smp.json"); }
