// Every conformance image says on our machine what it says on QEMU microvm; lines that begin with '~', where
// TCG departs from the manual, say what tests/isa/manual.txt says.
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/support/qemu_microvm.h"

using namespace xs;
using namespace xs::test;

namespace {

struct Program {
  const char* name;
  unsigned cpus;
  const char* options;  ///< of isa_runner
};

/// Small quanta and the exact TLB must not change a word.
constexpr Program programs[] = {
    {"debug", 1, ""},
    {"debug", 1, "--exact"},
    {"debug", 1, "--quantum 7"},
    {"exceptions", 1, ""},
    {"exceptions", 1, "--exact"},
    {"exceptions", 1, "--quantum 37"},
    {"interrupts", 1, ""},
    {"interrupts", 1, "--exact"},
    {"interrupts", 1, "--quantum 37"},
    {"paging", 1, ""},
    {"paging", 1, "--exact"},
    {"paging", 1, "--quantum 37"},
    {"selfmod", 1, ""},
    {"selfmod", 1, "--exact"},
    {"selfmod", 1, "--quantum 37"},
    {"stress", 1, ""},
    {"stress", 1, "--exact"},
    {"stress", 1, "--quantum 13"},
    {"segments", 1, ""},
    {"segments", 1, "--exact"},
    {"segments", 1, "--quantum 7"},
    {"syscall", 1, ""},
    {"syscall", 1, "--exact"},
    {"syscall", 1, "--quantum 7"},
    {"timer", 1, ""},
    {"smp", 2, ""},
    {"smp", 2, "--quantum 173"},
};

struct Spoken {
  std::vector<std::string> common, manual;  ///< lines without and with '~'
};

Spoken take_apart(const std::string& text) {
  Spoken spoken;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    (line.rfind("~", 0) == 0 ? spoken.manual : spoken.common).push_back(line);
  return spoken;
}

std::string image_of(const char* name) { return std::string(XS_IMAGE_DIR) + "/isa_" + name + ".elf"; }

/// Ours runs in a process of its own. `log` takes its standard error, which else goes to the test's own.
std::string run_ours(const Program& program, int& status, std::string* log = nullptr) {
  const std::filesystem::path log_file =
      std::filesystem::temp_directory_path() /
      ("xenoscope-" + std::to_string(getpid()) + "-" + program.name + ".log");
  const std::string command = std::string("timeout 120 ") + XS_ISA_RUNNER + " " + image_of(program.name) +
                              " --cpus " + std::to_string(program.cpus) + " " + program.options +
                              (log != nullptr ? " 2>" + log_file.string() : "");
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  status = WEXITSTATUS(pclose(pipe));
  if (log != nullptr) {
    std::ifstream file(log_file);
    log->assign(std::istreambuf_iterator<char>(file), {});
    std::filesystem::remove(log_file);
  }
  return text;
}

/// manual.txt: "program: line" for each '~' line, in order.
std::vector<std::string> manual_lines(const char* name) {
  std::ifstream file(std::string(XS_SOURCE_DIR) + "/tests/isa/manual.txt");
  REQUIRE(file.good());
  std::vector<std::string> lines;
  const std::string prefix = std::string(name) + ": ";
  for (std::string line; std::getline(file, line);)
    if (line.rfind(prefix, 0) == 0) lines.push_back(line.substr(prefix.size()));
  return lines;
}

void require_same(const std::vector<std::string>& ours, const std::vector<std::string>& theirs) {
  for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    INFO("line " << i + 1);
    CHECK(ours[i] == theirs[i]);
  }
  REQUIRE(ours.size() == theirs.size());
}

const std::string& qemu_text(const Program& program) {
  static std::map<std::string, std::string> texts;
  std::string& text = texts[program.name];
  if (!text.empty()) return text;
  REQUIRE(QemuMicrovm::available());
  QemuOptions options;
  options.kernel = image_of(program.name);
  options.cpus = program.cpus;
  const QemuResult result = run_qemu(options, QemuMicrovm::Seconds(60));
  INFO(result.log << result.serial);
  REQUIRE_FALSE(result.timed_out);
  REQUIRE(result.exit_value == 0u);
  return text = result.serial;
}

}  // namespace

TEST_CASE("two runs execute the same instructions") {
  const Program program =
      GENERATE(Program{"interrupts", 1, "--stats"}, Program{"stress", 1, "--stats --quantum 1000"},
               Program{"smp", 2, "--stats"});
  INFO(program.name);
  std::string first_log, second_log;
  int status = -1;
  const std::string first = run_ours(program, status, &first_log);
  const std::string second = run_ours(program, status, &second_log);
  REQUIRE(first == second);
  REQUIRE(first_log.find("hash ") != std::string::npos);
  REQUIRE(first_log == second_log);
}

TEST_CASE("conformance images say the same on QEMU and on our machine") {
  const Program program = GENERATE(from_range(std::begin(programs), std::end(programs)));
  INFO(program.name << " " << program.options);
  const Spoken theirs = take_apart(qemu_text(program));
  int status = -1;
  const Spoken ours = take_apart(run_ours(program, status));
  CHECK(status == 0);
  REQUIRE(theirs.common.size() > 5);
  REQUIRE(theirs.common.back() == "done");
  require_same(ours.common, theirs.common);
  require_same(ours.manual, manual_lines(program.name));
}
