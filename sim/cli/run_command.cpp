#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "sim/cli/commands.h"
#include "sim/cli/interrupt.h"
#include "sim/cli/output.h"
#include "sim/cli/run_options.h"
#include "sim/cli/scenario_files.h"
#include "sim/cli/worker.h"
#include "sim/scenario/machine_target.h"
#include "sim/scenario/report.h"

namespace xs::cli {
namespace {

using namespace xs::scenario;

struct Plan {
  std::vector<Job> jobs;
  std::vector<RunResult> refused;  ///< files that are no scenario
};

std::string artifact_directory(const RunOptions& o, const std::string& name, std::set<std::string>& used) {
  if (o.out.empty()) return "";
  std::string unique = name;
  for (int n = 2; !used.insert(unique).second; ++n) unique = fmt::format("{}-{}", name, n);
  return o.out + "/" + unique;
}

Plan make_plan(const RunOptions& o) {
  Plan plan;
  std::set<std::string> used;
  for (const std::string& file : scenario_files(o.paths)) {
    Job job{file, std::filesystem::path(file).stem().string(), "", 0, o.arch, o.settings};
    try {
      const Scenario s = load_with_options(file, o);
      job.name = s.name;
      job.wall_limit_s = s.limits.wall_s;
      if (o.gdb.given()) job.wall_limit_s = patient_s;
    } catch (const Error& e) {
      RunResult r;
      r.scenario = job.name, r.file = file, r.arch = o.arch;
      r.exit_code = static_cast<int>(e.code());
      r.message = e.what();
      plan.refused.push_back(std::move(r));
      continue;
    }
    if (job.name.find(o.filter) == std::string::npos) continue;
    job.out = artifact_directory(o, job.name, used);
    plan.jobs.push_back(std::move(job));
  }
  if (plan.jobs.empty() && plan.refused.empty())
    throw Error(fmt::format("no scenario's name contains \"{}\"", o.filter));
  return plan;
}

/// In a run of many, what is told about one that went wrong: problems, last lines, backtrace.
std::string troubles(const RunResult& r) {
  constexpr std::size_t last_lines = 12;
  std::string out;
  if (const StepResult* s = r.failed_step())
    for (const std::string& p : s->problems) out += fmt::format("    {}\n", r.located(*s, p));
  const std::size_t from = r.console.size() > last_lines ? r.console.size() - last_lines : 0;
  for (std::size_t i = from; i < r.console.size(); ++i)
    out += fmt::format("    {:<8} | {}\n", r.console[i].source, r.console[i].text);
  for (const std::string& line : r.backtrace) out += "    " + line + "\n";
  return out;
}

void check_outputs(const RunOptions& o, std::size_t jobs) {
  if (jobs > 1 && o.gdb.given()) throw Error("--gdb debugs one scenario, but there are several");
  if (jobs > 1 && (!o.trace.empty() || !o.perfetto.empty()))
    throw Error("--trace and --perfetto name one file, but there are several scenarios: use --out DIR");
  // Better now than after minutes of simulation.
  for (const std::string& file : {o.junit, o.json})
    if (!file.empty()) write_file(file, "");
}

void write_reports(const RunOptions& o, const std::vector<RunResult>& results) {
  if (!o.junit.empty()) write_file(o.junit, junit_report(results));
  if (o.json.empty()) return;
  Json all = Json::array();
  for (const RunResult& r : results) all.push_back(to_json(r));
  write_file(o.json,
             json_text({{"results", std::move(all)}, {"exit_code", worst_exit_code(results)}}, 1) + "\n");
}

void tell(const RunOptions& o, const RunResult& r, bool alone) {
  if (alone || o.verbose) {
    if (!r.steps.empty()) return print(text_report(r));
    if (r.exit_code) throw Error(r.message, static_cast<ExitCode>(r.exit_code));
  }
  print(summary_line(r));
  if (r.exit_code) print(troubles(r));
}

int run(const RunOptions& o) {
  interrupt_flag();
  Plan plan = make_plan(o);
  check_outputs(o, plan.jobs.size());
  const bool alone = plan.jobs.size() + plan.refused.size() == 1;
  std::vector<RunResult> results = plan.refused;
  const bool progress = plan.jobs.size() == 1 && ::isatty(STDERR_FILENO);
  if (!alone)
    for (const RunResult& r : plan.refused) tell(o, r, false);
  const auto finished = [&](const RunResult& r) {
    if (!alone) tell(o, r, false);
  };
  for (RunResult& r : run_jobs(plan.jobs, o, progress, finished)) results.push_back(std::move(r));
  write_reports(o, results);
  if (alone) tell(o, results.front(), true);
  return worst_exit_code(results);
}

}  // namespace

Scenario load_with_options(const std::string& file, const RunOptions& o) {
  Settings settings;
  for (const std::string& s : o.settings) settings.insert(split_setting(s));
  Scenario s = load_scenario(file, settings, o.arch);
  if (o.seed) s.seed = *o.seed;
  machine_config(s, o.arch);  // its errors belong to the file, too
  return s;
}

void add_scenario_options(CLI::App& command, RunOptions& o) {
  command.add_option("--set", o.settings, "Override a parameter of the scenario: NAME=VALUE")
      ->type_name("NAME=VALUE");
  command.add_option("--seed", o.seed, "Override the scenario's seed")->check([](const std::string& text) {
    u64 seed = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole ? std::string() : "--seed " + text + ": must be a whole number from 0 to 2^64-1";
  });
}

void add_run(CLI::App& app, Action& action) {
  auto o = std::make_shared<RunOptions>();
  CLI::App* c =
      app.add_subcommand("run", "Run scenarios: files, or directories with all scenarios below them");
  c->add_option("paths", o->paths, "Scenario files and directories")->required();
  c->add_option("-j,--jobs", o->jobs, "Run so many scenarios at once")
      ->check(CLI::Range(1u, 256u))
      ->capture_default_str();
  add_scenario_options(*c, *o);
  c->add_option("--arch", o->arch, "Architecture of the machine")
      ->check(CLI::IsMember({"x86_64", "ia64"}))
      ->capture_default_str();
  c->add_option("--junit", o->junit, "Write one JUnit XML file for the whole call")->type_name("FILE");
  c->add_option("--json", o->json, "Write all results as JSON")->type_name("FILE");
  c->add_option("--trace", o->trace, "Write the native trace (one scenario)")->type_name("FILE");
  c->add_option("--perfetto", o->perfetto, "Write a trace for ui.perfetto.dev (one scenario)")
      ->type_name("FILE");
  c->add_option("--out", o->out, "Write all artifacts to DIR/<scenario>/")->type_name("DIR");
  add_gdb_options(*c, o->gdb);
  c->add_option("--filter", o->filter, "Only scenarios whose name contains this")->type_name("TEXT");
  c->add_flag("--verbose", o->verbose, "Whole reports also when several scenarios run");
  c->footer("Example: xenoscope run scenarios/regression -j 2 --junit out.xml --out /tmp/artifacts");
  c->callback([o, &action] { action = [o] { return run(*o); }; });
}

}  // namespace xs::cli
