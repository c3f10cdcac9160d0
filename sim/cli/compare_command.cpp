// `compare`: one scenario on each architecture and in each memory model, counters side by side.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "sim/cli/commands.h"
#include "sim/cli/interrupt.h"
#include "sim/cli/output.h"
#include "sim/cli/run_options.h"
#include "sim/cli/worker.h"
#include "sim/scenario/comparison.h"

namespace xs::cli {
namespace {

using namespace xs::scenario;
using Words = std::vector<std::string>;

struct CompareOptions : RunOptions {
  std::string file;
  Words models = {"direct", "translated"}, archs = {"x86_64", "ia64"};
};

void check_words(const char* option, const char* what, const Words& given, const Words& known) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (std::find(known.begin(), known.end(), given[i]) == known.end())
      throw Error(
          fmt::format("{}: no {} \"{}\"; there are: {}", option, what, given[i], fmt::join(known, ", ")));
    if (std::find(given.begin(), given.begin() + static_cast<std::ptrdiff_t>(i), given[i]) !=
        given.begin() + static_cast<std::ptrdiff_t>(i))
      throw Error(fmt::format("{}: \"{}\" is given twice", option, given[i]));
  }
}

void check_options(const CompareOptions& o) {
  check_words("--models", "memory model", o.models, memory_models());
  check_words("--arch", "architecture", o.archs, {"x86_64", "ia64"});
  for (const std::string& s : o.settings)
    if (s.starts_with("model=")) throw Error("--set " + s + ": --models says in which models it is run");
  if (!std::filesystem::is_directory(o.file)) return;
  throw Error(o.file + ": is a directory; one scenario is compared");
}

/// A scenario's `direct` is what a toolstack makes when it is told nothing: on IA-64 another model.
std::string never_there(const std::string& arch, const std::string& model) {
  if (arch != "ia64" || model != "direct") return "";
  return "there are no page tables that a guest could share with the processor";
}

Job job_of(const CompareOptions& o, const Column& c) {
  RunOptions one = o;
  one.arch = c.arch;
  one.settings.push_back("model=" + c.model);
  const Scenario s = load_with_options(o.file, one);
  const std::string out = o.out.empty() ? "" : fmt::format("{}/{}/{}-{}", o.out, s.name, c.arch, c.model);
  return {o.file, s.name, out, s.limits.wall_s, one.arch, one.settings};
}

/// Runs the columns that can be.
void run_columns(const CompareOptions& o, std::vector<Column>& columns) {
  std::vector<Job> jobs;
  std::vector<Column*> run;
  for (Column& c : columns) {
    if (!c.note.empty()) continue;
    jobs.push_back(job_of(o, c));
    run.push_back(&c);
  }
  const bool told = ::isatty(STDERR_FILENO) != 0;
  std::size_t ended = 0;
  std::vector<RunResult> results = run_jobs(jobs, o, false, [&](const RunResult&) {
    if (told) std::fprintf(stderr, "\r\033[K%zu of %zu runs", ++ended, jobs.size());
  });
  if (told) std::fprintf(stderr, "\r\033[K");
  for (std::size_t i = 0; i < results.size(); ++i) {
    Column& c = *run[i];
    c.result = std::move(results[i]);
    c.result.arch = c.arch;
    c.note = model_refused(c.result, c.model);
    if (!c.note.empty())
      c.result = {};
    else if (c.result.exit_code)
      c.note = c.result.message;
  }
}

int exit_code_of(const std::vector<Column>& columns) {
  std::vector<RunResult> ran;
  for (const Column& c : columns)
    if (!c.result.arch.empty()) ran.push_back(c.result);
  return ran.empty() ? static_cast<int>(ExitCode::skip) : worst_exit_code(ran);
}

int compare(CompareOptions o) {
  interrupt_flag();
  check_options(o);
  o.arch = o.archs.front();
  const std::string name = load_with_options(o.file, o).name;  // also when nothing of it can be run
  std::vector<Column> columns;
  for (const std::string& arch : o.archs)
    for (const std::string& model : o.models) columns.push_back({arch, model, never_there(arch, model), {}});
  if (!o.json.empty()) write_file(o.json, "");  // better now than after minutes of simulation
  run_columns(o, columns);
  const int code = exit_code_of(columns);
  const std::string text = comparison_text(columns);
  Json json = comparison_json(columns);
  json["exit_code"] = code;
  if (!o.json.empty()) write_file(o.json, json_text(json, 1) + "\n");
  if (!o.out.empty()) {
    const std::string directory = o.out + "/" + name;
    std::filesystem::create_directories(directory);
    write_file(directory + "/compare.txt", text);
    write_file(directory + "/compare.json", json_text(json, 1) + "\n");
  }
  print(text);
  return code;
}

}  // namespace

void add_compare(CLI::App& app, Action& action) {
  auto o = std::make_shared<CompareOptions>();
  CLI::App* c = app.add_subcommand(
      "compare", "Run one scenario on each architecture and in each memory model; counters side by side");
  c->add_option("scenario", o->file, "Scenario file")->required();
  c->add_option("--models", o->models, "Memory models of the domains: direct, translated, identity")
      ->delimiter(',')
      ->type_name("A,B")
      ->capture_default_str();
  c->add_option("--arch", o->archs, "Architectures: x86_64, ia64")
      ->delimiter(',')
      ->type_name("A,B")
      ->capture_default_str();
  add_scenario_options(*c, *o);
  c->add_option("-j,--jobs", o->jobs, "Run so many at once")
      ->check(CLI::Range(1u, 256u))
      ->capture_default_str();
  c->add_option("--json", o->json, "Write everything as JSON")->type_name("FILE");
  c->add_option("--out", o->out, "Write table, JSON and each run's artifacts to DIR/<scenario>/")
      ->type_name("DIR");
  c->footer("Example: xenoscope compare scenarios/demo/balloon.json --models direct,translated");
  c->callback([o, &action] { action = [o] { return compare(*o); }; });
}

}  // namespace xs::cli
