// `report`: a document made of many runs. It asks for runs until it has what it needs; they are worker
// processes, as those of `run` and `compare`.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "sim/bench/measure.h"
#include "sim/cli/commands.h"
#include "sim/cli/interrupt.h"
#include "sim/cli/output.h"
#include "sim/cli/run_options.h"
#include "sim/cli/worker.h"
#include "sim/observe/hash.h"
#include "sim/report/answers.h"
#include "sim/scenario/image_name.h"
#include "sim/scenario/report.h"

namespace xs::cli {
namespace {

using namespace xs::scenario;
using report::Outcome;
using report::RunKey;
namespace fs = std::filesystem;

constexpr const char* source_tree = XS_SOURCE_TREE;

struct ReportOptions : RunOptions {
  bool quick = false;
  std::string scenarios = std::string(source_tree) + "/scenarios";
};

/// Lines of the files that the report names, counted by the tree's own script.
void count_lines(report::Facts& facts) {
  const std::string script = std::string(source_tree) + "/scripts/porting-counts";
  if (::access(script.c_str(), X_OK) != 0 || !fs::is_directory(std::string(source_tree) + "/hypervisor")) {
    facts.no_sources = "the sources that this program was built from are not there any more";
    return;
  }
  std::vector<std::string> command = {script, "--of"};
  for (const report::CodePart& part : report::code_parts())
    command.insert(command.end(), part.files.begin(), part.files.end());
  std::istringstream lines(bench::output_of(command));
  std::string name;
  for (u64 count = 0; lines >> count >> name;) facts.lines[name] = count;
}

void hash_kernels(report::Facts& facts) {
  constexpr u64 largest_image = u64{1} << 30;
  for (const report::Architecture& arch : report::architectures()) {
    const std::string file = image_path("kernel", arch.name);
    if (::access(file.c_str(), R_OK) != 0) continue;  // runs say so, too
    const std::string bytes = read_text_file(file, largest_image);
    const auto* first = reinterpret_cast<const u8*>(bytes.data());
    facts.kernel[arch.name] = fmt::format("{:016x}", observe::fnv1a({first, bytes.size()}));
  }
}

/// A scenario that cannot be loaded is a run that failed: the report shows it where it belongs.
RunResult not_loaded(const RunKey& key, const Error& e) {
  RunResult r;
  r.scenario = key.scenario, r.arch = key.arch;
  r.exit_code = static_cast<int>(e.code());
  r.message = e.what();
  return r;
}

void run_wanted(const ReportOptions& o, const std::vector<RunKey>& wanted, report::Runs& runs) {
  std::vector<Job> jobs;
  std::vector<RunKey> keys;
  for (const RunKey& key : wanted) {
    RunOptions one = o;
    one.arch = key.arch;
    one.settings = key.settings;
    const std::string file = o.scenarios + "/" + key.scenario;
    try {
      const Scenario s = load_with_options(file, one);
      jobs.push_back({file, s.name, "", s.limits.wall_s, key.arch, key.settings});
      keys.push_back(key);
    } catch (const Error& e) {
      runs.add(key, not_loaded(key, e));
    }
  }
  const bool told = ::isatty(STDERR_FILENO) != 0;
  std::size_t ended = 0;
  std::vector<RunResult> results = run_jobs(jobs, o, false, [&](const RunResult& r) {
    if (told) std::fprintf(stderr, "\r\033[K%zu of %zu runs: %s", ++ended, jobs.size(), r.scenario.c_str());
  });
  if (told) std::fprintf(stderr, "\r\033[K");
  for (std::size_t i = 0; i < results.size(); ++i) runs.add(keys[i], std::move(results[i]));
}

/// Nothing of the host's clock or folders: two reports are the same, byte by byte.
Json raw(const report::Runs& runs, bool quick) {
  Json all = Json::array();
  for (const auto& [key, result] : runs.results()) {
    Json one = to_json(result);
    one.erase("wall_s");
    one["file"] = "scenarios/" + key.scenario;
    const Outcome outcome = report::outcome_of(key, result);
    Json run = {{"command", report::command_of(key)}, {"settings", key.settings}, {"result", std::move(one)}};
    if (outcome.kind != Outcome::Kind::done)
      run[outcome.kind == Outcome::Kind::refused  ? "refused"
          : outcome.kind == Outcome::Kind::caught ? "caught"
                                                  : "failed"] = outcome.why;
    all.push_back(std::move(run));
  }
  return {{"report", "p2m"}, {"quick", quick}, {"runs", std::move(all)}};
}

/// What has been written, and each run that failed; the exit code.
int conclude(const ReportOptions& o, const report::Runs& runs) {
  std::vector<RunResult> failed;
  std::size_t refused = 0;
  std::string lines;
  for (const auto& [key, result] : runs.results()) {
    const Outcome outcome = report::outcome_of(key, result);
    refused += outcome.kind == Outcome::Kind::refused;
    if (outcome.kind != Outcome::Kind::failed) continue;
    failed.push_back(result);
    if (result.exit_code == 0) failed.back().exit_code = static_cast<int>(ExitCode::failure);  // an answer
    lines += fmt::format("  {}: {}\n", report::command_of(key), outcome.why);
  }
  print(
      fmt::format("report p2m: {} runs, {} refused, {} failed\n{}  {}/p2m.html\n  {}/p2m.md\n  {}/p2m.json\n",
                  runs.results().size(), refused, failed.size(), lines, o.out, o.out, o.out));
  return worst_exit_code(failed);
}

int report_p2m(const ReportOptions& o) {
  interrupt_flag();
  std::error_code error;
  fs::create_directories(o.out, error);
  if (error) throw Error(fmt::format("{}: cannot be made: {}", o.out, error.message()));
  for (const char* file : {"/p2m.html", "/p2m.md", "/p2m.json"}) write_file(o.out + file, "");  // better now
  report::Facts facts;
  facts.quick = o.quick;
  count_lines(facts);
  hash_kernels(facts);
  report::Runs runs;
  report::Document document = report::p2m_report(runs, facts);
  for (std::vector<RunKey> wanted = runs.take_wanted(); !wanted.empty(); wanted = runs.take_wanted()) {
    run_wanted(o, wanted, runs);
    document = report::p2m_report(runs, facts);
  }
  write_file(o.out + "/p2m.html", report::html_of(document));
  write_file(o.out + "/p2m.md", report::markdown_of(document));
  write_file(o.out + "/p2m.json", json_text(raw(runs, o.quick), 1) + "\n");
  return conclude(o, runs);
}

}  // namespace

void add_report(CLI::App& app, Action& action) {
  CLI::App* all = app.add_subcommand("report", "Answer a question by many runs, as a page to read");
  all->require_subcommand(1);
  auto o = std::make_shared<ReportOptions>();
  CLI::App* c = all->add_subcommand("p2m", "P==M or P2M: what each memory model costs on each architecture");
  c->add_option("--out", o->out, "Write p2m.html, p2m.md and p2m.json there")->type_name("DIR")->required();
  c->add_flag("--quick", o->quick, "Fewer setups, sizes and workloads");
  c->add_option("-j,--jobs", o->jobs, "Run so many at once")
      ->check(CLI::Range(1u, 256u))
      ->capture_default_str();
  c->add_option("--scenarios", o->scenarios, "Where the shipped scenarios are")
      ->type_name("DIR")
      ->capture_default_str();
  c->footer("Example: xenoscope report p2m --out /tmp/p2m -j 2");
  c->callback([o, &action] { action = [o] { return report_p2m(*o); }; });
}

}  // namespace xs::cli
