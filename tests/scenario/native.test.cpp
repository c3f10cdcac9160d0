// The kernel of guests/kernel without a hypervisor: what it says and does on our bare machine, also on
// QEMU's.
#include <stdlib.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/scenario/disk_image.h"
#include "tests/scenario/native_run.h"

using namespace xs;
using namespace xs::platform;
using namespace xs::test;

namespace {

struct TempDir {
  std::filesystem::path path;
  TempDir() {
    std::string name = "/tmp/xs-native-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() { std::filesystem::remove_all(path); }
};

/// Processes run side by side with the drivers: which of two lines comes first is the scheduler's business.
std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string write_file(const TempDir& dir, const std::string& name, std::size_t bytes) {
  std::string content(bytes, 0);
  u64 x = 1;
  for (char& c : content) c = static_cast<char>((x = x * 6364136223846793005u + 1442695040888963407u) >> 56);
  std::ofstream(dir.path / name, std::ios::binary) << content;
  return content;
}

std::string hash_line(const std::string& content, const std::string& name) {
  u64 hash = 0xcbf29ce484222325;  // FNV-1a, as the kernel's `hash` says
  for (const char c : content) hash = (hash ^ static_cast<u8>(c)) * 0x100000001b3;
  char line[64];
  std::snprintf(line, sizeof line, "%016llx %s\n", static_cast<unsigned long long>(hash), name.c_str());
  return line;
}

std::string disk_of(const TempDir& dir, const std::vector<std::string>& names) {
  std::vector<scenario::DiskFile> files;
  for (const std::string& name : names) files.push_back({name, dir.path / name});
  const std::string disk = dir.path / "disk.tar";
  scenario::write_disk_image(disk, files);
  return disk;
}

}  // namespace

TEST_CASE("natively: processes, disk and operator, the same words on QEMU and on IA-64", "[qemu]") {
  TempDir dir;
  const std::string small = write_file(dir, "small", 1000), large = write_file(dir, "large", 300'000);
  Setup setup;
  setup.disk = disk_of(dir, {"small", "large"});
  setup.commands = {
      {"files", ""},           {"hash small", ""},     {"hash large", "round 1:"},    {"hash nothing", ""},
      {"make-coffee now", ""}, {"files too many", ""}, {"shutdown-host", "round 50:"}};
  const Found f = ours(setup);
  CHECK(f.reason == StopReason::exited);
  CHECK(f.exit_value == 0);
  const std::string serial = f.serial, channel = f.channel;
  for (const char* line :
       {"kernel: native, 512 MiB of at most 512 MiB, memory model native\n",
        "kernel: no hypervisor: no balloon, no xenstore, no domains, one processor\n",
        "kernel: virtio block device, interrupts\n", "kernel: virtio console device, interrupts\n",
        "forker[1]: 4 children ended, address spaces are separate\n",
        "worker[2]: round 1: 128 pages verified\n", "worker[2]: round 50: 6400 pages verified\n"})
    CHECK_THAT(serial, Catch::Contains(line));
  CHECK_THAT(serial, !Catch::Contains("FAILURE"));
  CHECK_THAT(channel, Catch::Contains(hash_line(small, "small")));
  CHECK_THAT(channel, Catch::Contains(hash_line(large, "large")));
  CHECK_THAT(channel, Catch::Contains("= ENOENT nothing is not on the disk\n"));
  CHECK_THAT(channel, Catch::Contains("= EINVAL unknown verb make-coffee\n"));
  SECTION("on QEMU") {
    REQUIRE(QemuMicrovm::available());
    const QemuResult q = theirs(setup);
    CHECK_FALSE(q.timed_out);
    CHECK(q.exit_value == 0u);
    CHECK(sorted_lines(q.serial) == sorted_lines(serial));
    CHECK(q.consoles.at(0) == channel);
  }
  SECTION("on IA-64") {
    setup.machine = machine_of("ia64", 512, 512, all_low);
    const Found other = ours(setup);
    CHECK(other.reason == StopReason::exited);
    CHECK(other.exit_value == 0);
    CHECK(sorted_lines(other.serial) == sorted_lines(serial));
    CHECK(other.channel == channel);
  }
}

TEST_CASE("natively: memory in two places is one memory", "[memory]") {
  TempDir dir;
  const std::string content = write_file(dir, "big", 24 << 20);
  Setup setup;
  setup.disk = disk_of(dir, {"big"});
  const bool ia64 = GENERATE(false, true);
  setup.machine = ia64 ? machine_of("ia64", 64, 16, far_away) : machine_of(64, 16, far_away);
  const std::string size = "64";
  setup.commands = {{"hash big", ""}, {"info", ""}, {"shutdown-host", "round 1:"}};
  const Found f = ours(setup);
  CHECK(f.exit_value == 0);
  CHECK_THAT(f.serial, Catch::StartsWith("kernel: native, " + size + " MiB of at most " + size + " MiB"));
  CHECK_THAT(f.channel, Catch::Contains(hash_line(content, "big")));
  CHECK_THAT(f.channel, Catch::Contains("total_memory           : " + size + "\n"));
}

TEST_CASE("natively: memory for which low memory has no tables stays unused", "[memory]") {
  Setup setup;
  setup.machine = machine_of(65536, 16, far_away);
  setup.commands = {{"shutdown-host", "round 1:"}};
  const Found f = ours(setup);
  CHECK(f.exit_value == 0);
  CHECK_THAT(f.serial,
             Catch::Matches("kernel: [0-9]+ MiB of memory are not used\nkernel: native, [0-9]+ MiB of at "
                            "most(.|\n)*"));
}

TEST_CASE("natively on IA-64: the allocator's table lies where there is room", "[memory]") {
  Setup setup;
  setup.machine = machine_of("ia64", 65536, 80, far_away);
  setup.commands = {{"info", ""}, {"shutdown-host", "round 1:"}};
  const Found f = ours(setup);
  CHECK(f.exit_value == 0);
  CHECK_THAT(f.serial, Catch::StartsWith("kernel: native, 65536 MiB of at most 65536 MiB"));
  CHECK_THAT(f.serial, !Catch::Contains("not used"));
  CHECK_THAT(f.channel, Catch::Contains("total_memory           : 65536\n"));
}

TEST_CASE("natively: the operator at the serial line", "[serial]") {
  Setup setup;
  setup.machine.arch = GENERATE("x86_64", "ia64");
  setup.console = false;
  setup.commands = {{"info", "round 1:"}, {"shutdown-host", ""}};
  const Found f = ours(setup);
  CHECK(f.exit_value == 0);
  CHECK_THAT(f.serial, Catch::Contains("kernel: no disk\n"));
  CHECK_THAT(f.serial, Catch::Contains("nr_cpus                : 1\n"));
  CHECK_THAT(f.serial, Catch::Contains("= 0\n"));
}
