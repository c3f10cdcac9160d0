#include "sim/bench/measure.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sim/core/error.h"

extern char** environ;

namespace xs::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Child {
  pid_t pid = -1;
  int output = -1;
};

Child start(const std::vector<std::string>& command) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) throw Error(std::string("pipe: ") + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  Child child;
  const int error = posix_spawnp(&child.pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  child.output = pipe_ends[0];
  if (error == 0) return child;
  close(child.output);
  throw Error(command[0] + ": " + std::strerror(error));
}

/// Takes the lines as they come. The hypervisor puts "(d0) " in front of a guest's.
class Reader {
 public:
  void line(const std::string& text) {
    all_ += text + "\n";
    unsigned long long a = 0, b = 0;
    const std::string tail = text.starts_with("(d0) ") ? text.substr(5) : text;
    if (tail.starts_with(begin_line)) {
      name_ = tail.size() > begin_line.size() ? tail.substr(begin_line.size() + 1) : "";
      begin_ = Clock::now();
    }
    if (std::sscanf(tail.c_str(), "bench end %llu %llu", &a, &b) == 2 && begin_ != Clock::time_point{}) {
      const auto taken = std::chrono::nanoseconds(Clock::now() - begin_).count();
      results_[name_] = {.nanoseconds = static_cast<u64>(taken), .operations = a, .checksum = b};
    }
    if (std::sscanf(tail.c_str(), "instructions %llu", &a) == 1) instructions_ = a;
  }
  bool complete() const { return !results_.empty(); }
  Measurements results() const {
    Measurements all = results_;
    for (auto& [name, m] : all) m.instructions = instructions_;
    return all;
  }
  const std::string& all() const { return all_; }

 private:
  static constexpr std::string_view begin_line = "bench begin";
  Clock::time_point begin_;
  std::string name_;
  Measurements results_;
  u64 instructions_ = 0;
  std::string all_;
};

void read_lines(int fd, Reader& reader) {
  std::string pending;
  char buffer[4096];
  for (;;) {
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    pending.append(buffer, static_cast<std::size_t>(n));
    for (std::size_t end = 0; (end = pending.find('\n')) != std::string::npos; pending.erase(0, end + 1))
      reader.line(pending.substr(0, end - (end > 0 && pending[end - 1] == '\r')));
  }
}

/// Its status, as waitpid() has it.
int ended(const Child& child) {
  close(child.output);
  int status = 0;
  while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::string output_of(const std::vector<std::string>& command) {
  const Child child = start(command);
  Reader reader;
  read_lines(child.output, reader);
  if (const int status = ended(child); status != 0)
    throw Error(command[0] + " " + command[1] + " went wrong",
                WIFEXITED(status) ? static_cast<ExitCode>(WEXITSTATUS(status)) : ExitCode::crash);
  return reader.all();
}

Measurements measure_all(const std::vector<std::string>& command) {
  const Child child = start(command);
  Reader reader;
  read_lines(child.output, reader);
  ended(child);
  if (!reader.complete()) throw Error("no result from " + command[0] + "; it said:\n" + reader.all());
  return reader.results();
}

Measurement measure(const std::vector<std::string>& command) { return measure_all(command).begin()->second; }

bool program_exists(const std::string& name) {
  const char* const set = std::getenv("PATH");
  const std::string path = set ? set : "";
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    if (access((path.substr(at, end - at) + "/" + name).c_str(), X_OK) == 0) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace xs::bench
