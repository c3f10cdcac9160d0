// What a cell says of a run that did, refused or failed; that everything is asked for once; and the lines
// that run it again.
#include <catch2/catch.hpp>

#include "sim/report/answers.h"

using namespace xs::report;
using xs::ExitCode;
using xs::scenario::RunResult;

namespace {

RunResult ended(ExitCode code, const std::string& message, const std::string& answer = "") {
  RunResult r;
  r.exit_code = static_cast<int>(code);
  r.message = message;
  xs::scenario::StepResult step;
  if (!answer.empty()) step.answer = {answer};
  r.steps = {step};
  return r;
}

RunResult offers(const std::string& answer) {
  RunResult r = ended(ExitCode::success, "");
  xs::scenario::StepResult step;
  step.name = "a domain of that model", step.passed = true, step.answer = {"domain 1 probe", answer};
  r.steps = {step};
  return r;
}

/// Runs as if all were there, but what `refuse` says of a key's command.
template <class Result>
Document complete(Runs& runs, Result result) {
  Document d = p2m_report(runs, {});
  for (auto wanted = runs.take_wanted(); !wanted.empty(); wanted = runs.take_wanted()) {
    for (const RunKey& key : wanted) runs.add(key, result(key));
    d = p2m_report(runs, {});
  }
  return d;
}

const Column& column(const Columns& columns, const std::string& arch, const std::string& setup) {
  for (const Column& c : columns.all())
    if (c.arch->name == arch && c.setup->name == setup) return c;
  throw std::runtime_error("no such column");
}

constexpr Measure instructions = {"instructions", Measure::From::counters, "machine.instructions"};

}  // namespace

TEST_CASE("report runs: refused or failed", "[report]") {
  using Kind = Outcome::Kind;
  const RunKey asked{offered_scenario, "ia64", {}}, worked{"demo/receive.json", "ia64", {}};
  const RunResult panic = ended(
      ExitCode::crash, "hypervisor panic: Panic on CPU 0: dom0_model=x: there is no such memory model here");
  CHECK(outcome_of(asked, panic).kind == Kind::refused);
  CHECK(outcome_of(asked, panic).why == "dom0_model=x: there is no such memory model here");
  CHECK(outcome_of(worked, panic).kind == Kind::failed);
  for (const char* other : {"hypervisor panic: Panic on CPU 0: out of memory",
                            "hypervisor panic: Panic on CPU 0: dom0_model=x: out of memory",
                            "dom0 panic: dom0_model=x: there is no such memory model here"})
    CHECK(outcome_of(asked, ended(ExitCode::crash, other)).kind == Kind::failed);
  CHECK(outcome_of(worked, ended(ExitCode::success, "")).kind == Kind::done);
  for (const char* answer : {"= EOPNOTSUPP no flipping", "= ENOSYS no", "= ENOMEM too big"})
    CHECK(outcome_of(worked, ended(ExitCode::failure, "step", answer)).kind == Kind::failed);
}

TEST_CASE("report runs: a native driver is caught by the monitor of DMA, and by nothing else", "[report]") {
  using Kind = Outcome::Kind;
  const std::string message = "driver-objects.json: invariant: dma: the block device of dom0 reads";
  const RunKey native{driver_scenario, "x86_64", {"dom0_model=direct", native_driver}};
  CHECK(outcome_of(native, ended(ExitCode::failure, message)).kind == Kind::caught);
  CHECK(outcome_of(native, ended(ExitCode::failure, "invariant: isolation: dom0")).kind == Kind::failed);
  CHECK(outcome_of(native, ended(ExitCode::timeout, message)).kind == Kind::failed);
  const RunKey other{driver_scenario, "x86_64", {"dom0_model=direct", "driver=paravirtual"}};
  CHECK(outcome_of(other, ended(ExitCode::failure, message)).kind == Kind::failed);
  const RunKey elsewhere{"demo/disk.json", "x86_64", {native_driver}};
  CHECK(outcome_of(elsewhere, ended(ExitCode::failure, message)).kind == Kind::failed);
}

TEST_CASE("report runs: a domain's model is refused by two statuses, of one step", "[report]") {
  using Kind = Outcome::Kind;
  const RunKey asked{offered_scenario, "ia64", {}};
  CHECK(outcome_of(asked, offers("= 0")).kind == Kind::done);
  for (const char* why : {"EOPNOTSUPP memory model z is not available", "ENOSYS it cannot be mapped"}) {
    const Outcome no = outcome_of(asked, offers(std::string("= ") + why));
    CHECK(no.kind == Kind::refused);
    CHECK(no.why == why);
  }
  for (const char* answer : {"= ENOMEM too big", "= EINVAL unknown argument model", "= 01", "hello"})
    CHECK(outcome_of(asked, offers(answer)).kind == Kind::failed);
  CHECK(dom0_offered(offers("= ENOMEM too big")).kind == Kind::done);  // dom0 is there
  RunResult other = offers("= EOPNOTSUPP no");
  other.steps[0].name = "verb save";
  CHECK(outcome_of(asked, other).kind == Kind::failed);
  CHECK(outcome_of(asked, ended(ExitCode::timeout, "it took too long")).why == "it took too long");
}

TEST_CASE("report runs: a run is asked for until it is there", "[report]") {
  Runs runs;
  const RunKey key{"demo/x.json", "ia64", {"extra=a b", "low=1"}};
  CHECK(runs.find(key) == nullptr);
  CHECK(runs.find(key) == nullptr);
  REQUIRE(runs.take_wanted() == std::vector<RunKey>{key});
  CHECK(runs.take_wanted().empty());
  runs.add(key, {});
  CHECK(runs.find(key) != nullptr);
  CHECK(runs.take_wanted().empty());
  CHECK(command_of(key) == "./xenoscope run scenarios/demo/x.json --arch ia64 --set 'extra=a b' --set low=1");
}

TEST_CASE("report columns: what is not offered is refused in its words, and not run", "[report]") {
  Runs runs;
  std::size_t others = 0;
  complete(runs, [&](const RunKey& key) {
    if (key.scenario != "regression/offered.json") return ++others, ended(ExitCode::success, "");
    if (key.arch == "ia64")
      return ended(ExitCode::crash, "hypervisor panic: dom0_model=y: there is no such memory model here");
    return offers("= EOPNOTSUPP memory model z is not available");
  });
  // boot, dom0's requests and three objects of its driver with two lengths need no domain, and there are four
  // models of dom0
  CHECK(others == 32);
  Columns columns(runs, false);
  const Cell no =
      columns.cell(column(columns, "x86_64", "direct"), workload_named("create"), instructions, true);
  CHECK(no.kind == Cell::Kind::refused);
  CHECK(no.why == "EOPNOTSUPP memory model z is not available");
  CHECK(columns.cell(column(columns, "ia64", "direct"), workload_named("boot"), instructions, false).why ==
        "dom0_model=y: there is no such memory model here");
}

TEST_CASE("report columns: a cell is what two runs differ by, and a run that failed is one", "[report]") {
  Runs runs;
  complete(runs, [](const RunKey& key) {
    RunResult r = offers("= 0");
    const bool more = key.settings.back() == "memory=80";
    r.counters["machine.instructions"] = more ? 6400 : 0;
    if (key.scenario == "demo/disk.json") return ended(ExitCode::timeout, "it took too long");
    return r;
  });
  Columns columns(runs, false);
  const Column& c = column(columns, "ia64", "translated");
  CHECK(columns.cell(c, workload_named("create"), instructions, true).text == "100");
  CHECK(columns.cell(c, workload_named("create"), instructions, false).text == "6400");
  const Cell failed = columns.cell(c, workload_named("disk"), instructions, true);
  CHECK(failed.kind == Cell::Kind::failed);
  CHECK(failed.why == "it took too long");
  CHECK(
      columns
          .cell(column(columns, "x86_64", "direct"), workload_named("translation-miss"), instructions, false)
          .kind == Cell::Kind::none);
  CHECK(runs.take_wanted().empty());
}

TEST_CASE("report columns: lines that run it again", "[report]") {
  Runs runs;
  complete(runs, [](const RunKey&) { return offers("= 0"); });
  Columns columns(runs, true);
  const Commands lines = columns.commands(workload_named("balloon"), {instructions}, true);
  REQUIRE(lines.lines.size() == columns.all().size());
  CHECK(
      lines.lines[0] ==
      "./xenoscope compare scenarios/demo/balloon.json --arch x86_64 --models direct --set dom0_model=direct "
      "--set extra=programs=none --vary low=32,16");
}

TEST_CASE("report code: lines of what is there, and a reason where nothing can be counted", "[report]") {
  Section there{"code", "", {}}, gone{"code", "", {}};
  Facts facts;
  for (const CodePart& part : code_parts())
    for (const char* file : part.files) facts.lines[file] = 10;
  facts.lines.erase("guests/kernel/net");
  add_code(facts, there);
  const Table& counted = std::get<Table>(there.blocks.at(0));
  REQUIRE(counted.rows.size() > code_parts().size());  // headings, too
  CHECK(counted.rows[1].cells[0].text == "40");        // four files
  bool missed = false;
  for (const Row& row : counted.rows)
    if (!row.cells.empty() && row.cells[0].kind == Cell::Kind::failed)
      missed = row.cells[0].why == "guests/kernel/net is not there";
  CHECK(missed);
  facts.no_sources = "nothing to count";
  add_code(facts, gone);
  for (const Row& row : std::get<Table>(gone.blocks.at(0)).rows)
    if (!row.cells.empty())
      CHECK((row.cells[0].kind == Cell::Kind::none && row.cells[0].why == "nothing to count"));
}

TEST_CASE("report: hashes that differ are not the same file", "[report]") {
  Runs runs;
  RunResult r;
  xs::scenario::StepResult hash;
  hash.command = "hash kernel", hash.answer = {"0123 kernel", "= 0"};
  r.steps = {hash};
  r.console = {{"dom0", "kernel: dom0, 128 MiB of at most 128 MiB, memory model direct", 0},
               {"operator", "kernel: domU, 1 MiB of at most 1 MiB, memory model odd", 0}};
  runs.add({"demo/create.json", "x86_64", {}}, r);
  Columns columns(runs, true);
  Facts facts;
  facts.kernel = {{"x86_64", "4567"}};
  Section s{"binary", "", {}};
  add_binary(columns, facts, s);
  const Table& t = std::get<Table>(s.blocks.at(0));
  CHECK(t.rows[0].cells[0].text == "4567");
  CHECK(t.rows[1].cells[0].text == "0123");
  CHECK(t.rows[2].cells[0].text == "no");
  CHECK(t.rows[0].cells[1].kind == Cell::Kind::none);  // no file, no hash
  REQUIRE(t.rows.size() == 4);
  CHECK(t.rows[3].name == "times that it began as dom0 direct");
  CHECK(t.rows[3].cells[0].text == "1");
}
