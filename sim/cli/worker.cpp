#include "sim/cli/worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "sim/cli/interrupt.h"
#include "sim/scenario/report.h"

namespace xs::cli {
namespace {

using namespace xs::scenario;
using Clock = std::chrono::steady_clock;

/// A worker that does not notice its own limit (a hang inside one quantum) is killed so much later.
constexpr std::chrono::seconds grace{20};

struct Running {
  std::size_t job = 0;
  pid_t pid = 0;
  std::string result_file;
  Clock::time_point started;
  bool killed = false;
};

std::vector<std::string> arguments(const Job& job, const RunOptions& o, const std::string& result,
                                   bool progress) {
  std::vector<std::string> a = {"xenoscope", "run-one", job.file, "--result", result, "--arch", job.arch};
  const auto add = [&a](const char* key, const std::string& value) {
    if (!value.empty()) a.insert(a.end(), {key, value});
  };
  for (const std::string& s : job.settings) add("--set", s);
  if (o.seed) add("--seed", std::to_string(*o.seed));
  add("--trace", o.trace);
  add("--perfetto", o.perfetto);
  add("--out", job.out);
  if (o.gdb.given()) a.push_back("--gdb=" + o.gdb.address);
  if (o.gdb.wait) a.push_back("-S");
  if (progress) a.push_back("--progress");
  return a;
}

std::string temporary_file() {
  const char* base = std::getenv("TMPDIR");
  std::string name = std::string(base && *base ? base : "/tmp") + "/xenoscope-result-XXXXXX";
  const int fd = ::mkstemp(name.data());
  if (fd < 0) throw Error(fmt::format("{}: cannot be made: {}", name, std::strerror(errno)));
  ::close(fd);
  return name;
}

Running start(const std::vector<Job>& jobs, std::size_t index, const RunOptions& o, bool progress) {
  Running r;
  r.job = index;
  r.result_file = temporary_file();
  r.started = Clock::now();
  std::vector<std::string> words = arguments(jobs[index], o, r.result_file, progress);
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  r.pid = ::fork();
  if (r.pid < 0) throw Error(fmt::format("cannot start a worker process: {}", std::strerror(errno)));
  if (r.pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody would read the result
    ::execv("/proc/self/exe", argv.data());
    ::_exit(127);
  }
  return r;
}

RunResult no_result(int status, bool killed) {
  RunResult r;
  r.exit_code = static_cast<int>(killed ? ExitCode::timeout : ExitCode::crash);
  if (killed)
    r.message = "the simulator did not answer after its wall clock limit and was killed";
  else if (WIFSIGNALED(status))
    r.message = fmt::format("the simulator was killed by signal {} ({})", WTERMSIG(status),
                            ::strsignal(WTERMSIG(status)));
  else
    r.message = fmt::format("the simulator ended without a result (exit status {})", WEXITSTATUS(status));
  return r;
}

RunResult collect(const Running& running, const Job& job, int status) {
  RunResult r;
  try {
    const std::string text = read_text_file(running.result_file, u64{1} << 32);
    r = text.empty() ? no_result(status, running.killed) : from_json(Json::parse(text));
  } catch (const std::exception& e) {
    r = no_result(status, running.killed);
    r.message += fmt::format("; {}", e.what());
  }
  ::unlink(running.result_file.c_str());
  if (r.scenario.empty()) r.scenario = job.name;
  if (r.file.empty()) r.file = job.file;
  return r;
}

/// Passes signals on, and kills who is over the limit.
void discipline(std::vector<Running>& active, const std::vector<Job>& jobs, int& passed_on) {
  const int signal = interrupt_flag().load();
  for (Running& r : active) {
    if (signal && signal != passed_on) ::kill(r.pid, signal);
    if (!r.killed && Clock::now() - r.started > std::chrono::seconds(jobs[r.job].wall_limit_s) + grace)
      r.killed = true, ::kill(r.pid, SIGKILL);
  }
  passed_on = signal;
}

}  // namespace

std::vector<RunResult> run_jobs(const std::vector<Job>& jobs, const RunOptions& options, bool progress,
                                const std::function<void(const RunResult&)>& finished) {
  std::vector<RunResult> results(jobs.size());
  std::vector<Running> active;
  std::size_t next = 0;
  int passed_on = 0;
  while (!active.empty() || (next < jobs.size() && !interrupt_flag().load())) {
    while (active.size() < options.jobs && next < jobs.size() && !interrupt_flag().load())
      active.push_back(start(jobs, next, options, progress)), ++next;
    discipline(active, jobs, passed_on);
    bool ended = false;
    for (std::size_t i = active.size(); i-- > 0;) {
      int status = 0;
      if (::waitpid(active[i].pid, &status, WNOHANG) != active[i].pid) continue;
      RunResult& r = results[active[i].job] = collect(active[i], jobs[active[i].job], status);
      finished(r);
      active.erase(active.begin() + static_cast<std::ptrdiff_t>(i));
      ended = true;
    }
    if (!ended) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  for (; next < jobs.size(); ++next) {
    results[next].scenario = jobs[next].name;
    results[next].file = jobs[next].file;
    results[next].exit_code = exit_interrupted;
    results[next].message = "not started: interrupted";
  }
  return results;
}

}  // namespace xs::cli
