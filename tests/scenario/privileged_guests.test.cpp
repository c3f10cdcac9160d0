// Every test guest as dom0, on our machine and on QEMU: the same words, and SUCCESS wherever dom0 has what
// the test needs. The hypervisor gets the test guest's image in place of dom0's.
#include <stdlib.h>
#include <sys/wait.h>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <set>

#include "sim/scenario/console_log.h"
#include "sim/scenario/scenario.h"
#include "tests/support/qemu_microvm.h"

using namespace xs;
using test::QemuMicrovm;

namespace {

const std::string images = XS_IMAGE_DIR;
constexpr const char* cmdline = "dom0_mem=32M";
constexpr unsigned memory_mib = 128;

/// Tests that dom0 cannot pass, by what they say themselves.
const std::map<std::string, std::string> skipped_by_dom0 = {
    {"xenstore", "dom0 serves the store itself"},
    {"translated-memory", "this dom0's memory model is direct"},
    {"translated-tables", "this dom0's memory model is direct"},
    {"translated-pressure", "this dom0's memory model is direct"},
    {"fpu", "one CPU, so one VCPU"},
    {"vcpu-ops", "one CPU, so one VCPU"},
    {"tlb-shootdown", "one CPU, so one VCPU"},
    {"stale-tlb", "one CPU, so one VCPU"},
    {"isolation", "a privileged domain may map any frame"},
};
/// It ends by a crash, and with dom0 the machine ends; as a domain it is compared by oracle.test.cpp.
const std::string crashing = "panic";

std::string test_name(const std::filesystem::path& image) {
  static const std::string prefix = "test-";
  const std::string stem = image.stem().string();
  return stem.rfind(prefix, 0) == 0 && image.extension() == ".elf" ? stem.substr(prefix.size()) : "";
}

std::set<std::string> all_tests() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(images))
    if (const std::string name = test_name(entry.path()); !name.empty()) names.insert(name);
  return names;
}

std::string image_of(const std::string& test) { return images + "/test-" + test + ".elf"; }

/// What dom0 said, of all that came by the serial line.
std::vector<std::string> words_of_dom0(const std::string& serial) {
  std::vector<std::string> words;
  scenario::LineCutter lines([&](const std::string& line, u64) {
    const scenario::ConsoleLine l = scenario::split_serial_line(line, 0);
    if (l.source == "dom0") words.push_back(l.text);
  });
  lines.feed(serial, 0);
  return words;
}

/// SystemC elaborates once per process: each of ours runs in one of its own.
std::vector<std::string> on_our_machine(const std::string& test) {
  const std::string command = std::string("timeout 120 ") + XS_XENOSCOPE + " boot " + images +
                              "/hypervisor.elf --module " + image_of(test) + " --append '" + cmdline +
                              "' --memory " + std::to_string(memory_mib);
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  const int status = pclose(pipe);
  CHECK(WEXITSTATUS(status) == 0);
  return words_of_dom0(text);
}

std::vector<std::string> on_qemu(const std::string& test) {
  test::QemuOptions options;
  options.kernel = images + "/hypervisor.elf";
  options.module = image_of(test);
  options.cmdline = cmdline;
  options.memory_mib = memory_mib;
  const test::QemuResult result = test::run_qemu(options, QemuMicrovm::Seconds(120));
  CHECK_FALSE(result.timed_out);
  CHECK(result.exit_value == 0u);
  return words_of_dom0(result.serial);
}

std::set<std::string> kernels_of(const std::string& file) {
  std::set<std::string> kernels;
  for (const auto& domain :
       scenario::load_scenario(XS_SOURCE_DIR "/tests/scenario/" + file, {}, "x86_64").domains)
    kernels.insert(test_name(domain.kernel + ".elf"));
  return kernels;
}

}  // namespace

TEST_CASE("every test guest as dom0 has its verdict", "[dom0]") {
  for (const std::string& test : all_tests()) {
    if (test == crashing) continue;
    INFO("test " << test);
    const std::vector<std::string> ours = on_our_machine(test);
    REQUIRE(ours.size() == 2);
    CHECK(ours.front() == "--- test-" + test);
    const std::string expected = skipped_by_dom0.count(test) ? "Test result: SKIP" : "Test result: SUCCESS";
    CHECK(ours.back().substr(0, expected.size()) == expected);
  }
}

TEST_CASE("every test guest says the same as dom0 on QEMU", "[privileged]") {
  REQUIRE(QemuMicrovm::available());
  for (const std::string& test : all_tests()) {
    if (test == crashing) continue;
    INFO("test " << test);
    CHECK(on_qemu(test) == on_our_machine(test));
  }
}

TEST_CASE("no test guest is left out of the comparison as a domain", "[complete]") {
  const std::set<std::string> only_as_dom0 = {"toolstack-vcpu"};
  std::set<std::string> compared = kernels_of("oracle-test-guests.json");
  compared.merge(kernels_of("oracle-test-guests-2.json"));
  compared.merge(kernels_of("oracle-translated.json"));
  for (const std::string& test : all_tests()) {
    INFO("test " << test);
    CHECK(compared.count(test) + only_as_dom0.count(test) == 1);
  }
}
