// The worker process of `run`: SystemC elaborates once per process, so every scenario has its own.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "sim/cli/commands.h"
#include "sim/cli/interrupt.h"
#include "sim/cli/run_options.h"
#include "sim/cli/scenario_files.h"
#include "sim/cli/work_directory.h"
#include "sim/observe/perfetto.h"
#include "sim/scenario/machine_target.h"
#include "sim/scenario/report.h"
#include "sim/scenario/runner.h"

namespace xs::cli {
namespace {

using namespace xs::scenario;
namespace fs = std::filesystem;

struct WorkerOptions : RunOptions {
  std::string file, result;
  bool progress = false;
};

/// One line per step on stderr.
class StepLines : public Progress {
 public:
  void step_begins(std::size_t index, std::size_t total, const std::string& name) override {
    print_line(fmt::format("[{:>2}/{}] {:<60.60}", index, total, name));
  }
  void step_ends(const StepResult& s) override {
    print_line(fmt::format(" {} {:.3f} ms\n", s.passed ? "ok    " : "FAILED",
                           static_cast<double>(s.end_ps - s.begin_ps) / 1e9));
  }

 private:
  static void print_line(const std::string& text) { std::fputs(text.c_str(), stderr), std::fflush(stderr); }
};

void write_outputs(const WorkerOptions& o, const RunResult& result, const std::string& trace) {
  if (!o.out.empty()) write_artifacts(result, o.out);
  const std::string perfetto = !o.perfetto.empty() ? o.perfetto
                               : !o.out.empty()    ? o.out + "/trace.perfetto"
                                                   : "";
  if (!perfetto.empty() && result.observed) observe::export_perfetto(observe::TraceReader(trace), perfetto);
}

RunResult simulate(const WorkerOptions& o) {
  Scenario s = load_with_options(o.file, o);
  if (o.gdb.given()) s.limits.wall_s = patient_s;
  const WorkDirectory work;
  if (!o.out.empty()) {
    std::error_code error;
    fs::create_directories(o.out, error);
    if (error) throw Error(fmt::format("{}: cannot be made: {}", o.out, error.message()));
  }
  std::string trace = o.trace;
  if (trace.empty() && !o.out.empty()) trace = o.out + "/run.trace";
  if (trace.empty() && !o.perfetto.empty()) trace = work.path() + "/run.trace";
  const std::unique_ptr<Target> target =
      make_machine_target(s, {o.arch, trace, work.path(), o.gdb.debug_options()});
  StepLines lines;
  RunResult result = Runner(s, *target, o.progress ? &lines : nullptr, &interrupt_flag()).run();
  result.arch = o.arch;
  target->ended(result.exit_code);
  try {
    write_outputs(o, result, trace);
  } catch (const Error& e) {  // what the run has shown is worth more than the file that could not be written
    if (!result.exit_code) result.exit_code = static_cast<int>(e.code()), result.message = e.what();
  }
  return result;
}

int run_one(const WorkerOptions& o) {
  interrupt_flag();
  RunResult result;
  try {
    result = simulate(o);
  } catch (const Error& e) {
    result.exit_code = static_cast<int>(e.code());
    result.message = e.what();
  } catch (const fs::filesystem_error& e) {
    result.exit_code = static_cast<int>(ExitCode::error);
    result.message = e.what();
  }
  result.arch = o.arch;
  write_file(o.result, json_text(to_json(result), -1));
  // The simulation kernel's threads need no tidy end; the process is over.
  std::fflush(nullptr);
  ::_exit(0);
}

}  // namespace

void add_run_one(CLI::App& app, Action& action) {
  auto o = std::make_shared<WorkerOptions>();
  CLI::App* c = app.add_subcommand("run-one", "internal: simulates one scenario for `run`")->group("");
  c->add_option("file", o->file)->required();
  c->add_option("--result", o->result)->required();
  c->add_option("--set", o->settings);
  c->add_option("--seed", o->seed);
  c->add_option("--arch", o->arch);
  c->add_option("--trace", o->trace);
  c->add_option("--perfetto", o->perfetto);
  c->add_option("--out", o->out);
  add_gdb_options(*c, o->gdb);
  c->add_flag("--progress", o->progress);
  c->callback([o, &action] { action = [o] { return run_one(*o); }; });
}

}  // namespace xs::cli
