// `compare`: one scenario on each architecture, in each memory model and with each value of parameters that
// are varied, counters side by side.
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
  Words vary;  ///< NAME=A,B each
};

/// All settings of "receive=copy,flip".
Words values_of(const std::string& vary) {
  const std::size_t equals = vary.find('=');
  if (equals == std::string::npos || equals == 0) throw Error("--vary " + vary + ": must be NAME=A,B,...");
  Words settings;
  for (std::size_t at = equals + 1; at <= vary.size();) {
    const std::size_t end = std::min(vary.find(',', at), vary.size());
    if (end == at) throw Error("--vary " + vary + ": a value is missing");
    settings.push_back(vary.substr(0, equals + 1) + vary.substr(at, end - at));
    at = end + 1;
  }
  return settings;
}

/// Every combination of one setting of each parameter.
std::vector<Words> combinations(const Words& vary) {
  std::vector<Words> all = {{}};
  for (const std::string& one : vary) {
    std::vector<Words> longer;
    for (const Words& before : all)
      for (const std::string& setting : values_of(one)) {
        longer.push_back(before);
        longer.back().push_back(setting);
      }
    all = std::move(longer);
  }
  return all;
}

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
  for (const std::string& v : o.vary)
    if (v.starts_with("model=")) throw Error("--vary " + v + ": --models says in which models it is run");
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
  one.settings.insert(one.settings.end(), c.varied.begin(), c.varied.end());
  const Scenario s = load_with_options(o.file, one);
  std::string folder = fmt::format("{}-{}", c.arch, c.model);
  for (const std::string& setting : c.varied) folder += '-' + setting;
  std::replace(folder.begin(), folder.end(), '/', '_');
  const std::string out = o.out.empty() ? "" : fmt::format("{}/{}/{}", o.out, s.name, folder);
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
    for (const std::string& model : o.models)
      for (const Words& varied : combinations(o.vary))
        columns.push_back({arch, model, never_there(arch, model), {}, varied});
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
  c->add_option("--vary", o->vary,
                "A column for each of these values of a parameter; may be given several times")
      ->type_name("NAME=A,B");
  add_scenario_options(*c, *o);
  c->add_option("-j,--jobs", o->jobs, "Run so many at once")
      ->check(CLI::Range(1u, 256u))
      ->capture_default_str();
  c->add_option("--json", o->json, "Write everything as JSON")->type_name("FILE");
  c->add_option("--out", o->out, "Write table, JSON and each run's artifacts to DIR/<scenario>/")
      ->type_name("DIR");
  c->footer(
      "Examples: xenoscope compare scenarios/demo/balloon.json --models direct,translated\n"
      "          xenoscope compare scenarios/regression/network.json --vary receive=copy,flip");
  c->callback([o, &action] { action = [o] { return compare(*o); }; });
}

}  // namespace xs::cli
