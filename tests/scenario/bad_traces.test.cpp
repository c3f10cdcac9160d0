// `view` of what is no trace, or no longer one, and with options that cannot be: one clear line, the
// documented exit code, and no picture that is not whole.
#include <fmt/format.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "sim/observe/trace_writer.h"
#include "tests/support/temp_directory.h"
#include "viz/draw/picture.h"

using namespace xs;
namespace fs = std::filesystem;

namespace {

struct Answer {
  int code = 0;
  std::string text;  ///< standard output and error
  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    std::size_t from = 0;
    for (std::size_t to; (to = text.find('\n', from)) != text.npos; from = to + 1)
      out.push_back(text.substr(from, to - from));
    return out;
  }
};

/// Of the program on these arguments; 124 when it does not end.
Answer view(const std::string& arguments, const std::string& limit = "") {
  const char* program = std::getenv("XS_PROGRAM");
  REQUIRE(program);
  const std::string command =
      fmt::format("{} timeout 60 {} view {} 2>&1 </dev/null", limit, program, arguments);
  std::FILE* out = ::popen(command.c_str(), "r");
  REQUIRE(out);
  Answer answer;
  char part[4096];
  for (std::size_t n; (n = std::fread(part, 1, sizeof part, out)) > 0;) answer.text.append(part, n);
  const int status = ::pclose(out);
  answer.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return answer;
}

std::string good_trace() { return XS_SOURCE_DIR "/tests/unit/viz/traces/x86_64.trace"; }

std::string bytes_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Bench {
 public:
  std::string file(const std::string& name) const { return (dir_.path / name).string(); }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
    return file(name);
  }
  std::string picture() const { return file("out.png"); }
  /// One sentence, exit code 4, nothing left behind.
  void refused(const std::string& arguments, const std::string& why) const {
    INFO("view " << arguments);
    fs::remove(picture());
    const Answer a = view(arguments);
    INFO(a.text);
    CHECK(a.code == 4);
    CHECK(a.text.find(why) != a.text.npos);
    check_text(a);
    CHECK_FALSE(a.lines().empty());
    CHECK_FALSE(fs::exists(picture()));
    CHECK_FALSE(fs::exists(picture() + ".partial"));
  }
  /// Refused, or what there is of it is shown, with a word about it.
  bool shown_or_refused(const std::string& trace) const {
    fs::remove(picture());
    const Answer a = view(trace + " --size 320x200 --screenshot " + picture());
    INFO(a.text);
    REQUIRE((a.code == 0 || a.code == 4));
    check_text(a);
    REQUIRE(fs::exists(picture()) == (a.code == 0));
    CHECK_FALSE(fs::exists(picture() + ".partial"));
    if (a.code == 0) CHECK(viz::load_png(picture()).width == 320);
    return a.code == 0;
  }

 private:
  /// At most one line, a sentence of the program's; of an option that is not understood one more, that points
  /// to --help.
  static void check_text(const Answer& a) {
    for (const char* crash : {"terminate called", "Sanitizer", "internal error", "Assertion", "core dumped"})
      CHECK(a.text.find(crash) == a.text.npos);
    const auto lines = a.lines();
    const bool option = lines.size() == 2 && lines[1] == "Run with --help for more information.";
    CHECK((lines.size() <= 1 || option));
    if (lines.size() == 1) CHECK(lines[0].starts_with("xenoscope: "));
  }

  test::TempDirectory dir_;
};

}  // namespace

TEST_CASE("what is no trace is refused in one line") {
  const Bench b;
  const std::string shot = " --screenshot " + b.picture();
  const std::string good = bytes_of(good_trace());
  REQUIRE(good.size() > 50'000);
  b.refused(b.file("none.trace") + shot, "none.trace: No such file or directory");
  b.refused(b.write("empty.trace", "") + shot, "empty.trace: not a trace");
  b.refused(b.write("text.trace", std::string(5000, 'x')) + shot, "text.trace: not a trace");
  b.refused(b.write("text", "hello\n") + shot, "text:1:1: ");
  fs::create_directory(b.file("directory"));
  b.refused(b.file("directory") + shot, "directory: is a directory");
  fs::create_directory(b.file("directory.trace"));
  b.refused(b.file("directory.trace") + shot, "directory.trace: not a regular file");
  std::string other = good;
  constexpr std::size_t version_at = 12;  // sim/observe/trace_format.h
  other[version_at] = char(other[version_at] + 1);
  b.refused(b.write("version.trace", other) + shot, "version");
  b.refused(good_trace() + " " + b.file("none.trace") + shot, "none.trace: No such file or directory");
}

TEST_CASE("of a truncated trace there is shown what there is") {
  const Bench b;
  const std::string good = bytes_of(good_trace());
  std::vector<std::size_t> lengths = {1, 7, 8, 15, 16, 17, 79, 80, 81, 200};
  for (std::size_t part = 1; part <= 12; ++part) lengths.push_back(good.size() * part / 12 - 3);
  std::size_t shown = 0;
  for (const std::size_t length : lengths) {
    INFO(length << " of " << good.size() << " bytes");
    shown += b.shown_or_refused(b.write("cut.trace", good.substr(0, length)));
  }
  CHECK(shown >= 12);
  const Answer a =
      view(b.write("half.trace", good.substr(0, good.size() / 2)) + " --screenshot " + b.picture());
  CHECK(a.code == 0);
  CHECK(a.text.find("half.trace: the trace is truncated") != a.text.npos);
  const viz::Picture half = viz::load_png(b.picture());
  CHECK(view(good_trace() + " --screenshot " + b.picture()).code == 0);
  CHECK(viz::compare(half, viz::load_png(b.picture()), 40).share > 0.01);  // it is not so far
  CHECK(view(b.write("none.trace", good.substr(0, 1000)) + " --screenshot " + b.picture()).code == 0);
  CHECK(viz::compare(half, viz::load_png(b.picture()), 40).share > 0.01);  // but has come some way
}

TEST_CASE("flipped bytes of a trace are refused, or what can still be read is shown") {
  const Bench b;
  const std::string good = bytes_of(good_trace());
  std::mt19937 random(7);
  std::vector<std::size_t> places = {0, 8, 16, 20, 24, 40, 72, 90, good.size() - 1, good.size() - 12};
  for (int i = 0; i < 12; ++i) places.push_back(random() % good.size());
  std::size_t refused = 0;
  for (const std::size_t place : places) {
    INFO("byte " << place);
    std::string bad = good;
    bad[place] = char(bad[place] ^ (1 << random() % 8));
    refused += !b.shown_or_refused(b.write("flipped.trace", bad));
  }
  CHECK(refused >= 3);
}

TEST_CASE("a trace of a huge machine is shown, or it is said why not") {
  const Bench b;
  const auto write = [&](const char* name, u64 frames) {
    observe::TraceHeader header;
    header.architecture = "x86_64", header.cpus = 1;
    for (u64 i = 0; i < frames; i += frames / 64) header.ram.add(2 * i, frames / 64);  // with holes
    observe::TraceWriter writer(b.file(name));
    writer.start(header);
    writer.finish();
    return b.file(name);
  };
  constexpr u64 of_64_gib = u64{1} << 24, most = u64{1} << 26;  // RamMap::add
  CHECK(b.shown_or_refused(write("large.trace", of_64_gib)));
  const Answer a =
      view(write("largest.trace", most) + " --screenshot " + b.picture(), "ulimit -v 1000000;");  // KiB
  CHECK(a.code == 4);
  CHECK(a.text == "xenoscope: out of memory\n");
}

TEST_CASE("a trace that grows while it is looked at is followed") {
  const Bench b;
  const std::string good = bytes_of(good_trace());
  const std::string file = b.write("growing.trace", good.substr(0, good.size() / 4));
  std::thread writer([&] {
    std::ofstream out(file, std::ios::binary | std::ios::app);
    for (std::size_t at = good.size() / 4; at < good.size(); at += 500) {
      out << good.substr(at, 500) << std::flush;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  const Answer a = view(file + " --size 640x400 --seconds 1 --record " + b.file("pictures"));
  writer.join();
  INFO(a.text);
  CHECK(a.code == 0);
  CHECK(a.lines().size() <= 1);
  CHECK(viz::load_png(b.file("pictures/00009.png")).width == 640);
}

TEST_CASE("who interrupts the making of pictures finds nothing that is not whole") {
  const Bench b;
  fs::create_directory(b.file("tmp"));
  const std::string scenario = XS_SOURCE_DIR "/scenarios/demo/balloon.json";
  for (const char* what : {"--screenshot ", "--record "}) {
    const Answer a = view(scenario + " " + what + b.file("out"),
                          "TMPDIR=" + b.file("tmp") + " timeout --preserve-status -s INT 0.7");
    INFO(a.text);
    CHECK(a.code == 130);
    CHECK(fs::is_empty(b.file("tmp")));
  }
  CHECK_FALSE(fs::exists(b.file("out.partial")));
}

TEST_CASE("options of view that cannot be are refused in one line") {
  const Bench b;
  const std::string shot = " --screenshot " + b.picture();
  const std::string trace = good_trace(), scenario = XS_SOURCE_DIR "/scenarios/regression/boot.json";
  b.refused(trace + " --screenshot /nonexistent/x.png", "/nonexistent/x.png: cannot be written");
  b.refused(trace + " --screenshot /dev/full", "/dev/full: cannot be written: No space left on device");
  b.refused(trace + " --record /dev/full/x", "/dev/full/x: cannot be made");
  b.refused(trace + " --frame zzz" + shot, "--frame");
  b.refused(trace + " --frame 0xffffffffffff" + shot, "is no RAM");
  b.refused(trace + " --domain 99" + shot, "there is no such domain");
  b.refused(trace + " --tab nope" + shot, "there is no view \"nope\"");
  b.refused(trace + " --panel nope" + shot, "there is no view \"nope\"");
  b.refused(trace + " --at 99" + shot, "there is no step 99");
  b.refused(trace + " --at when" + shot, "neither a time nor a step's number or name");
  b.refused(trace + " --since 0" + shot, "there is no step 0");
  b.refused(trace + " --size 1x1" + shot, "--size 1x1");
  b.refused(trace + " --size 1280x800x2" + shot, "--size");
  b.refused(trace + " --scale 9" + shot, "--scale");
  b.refused(trace + " --colour mauve" + shot, "--colour");
  b.refused(trace + " --theme mauve" + shot, "--theme");
  b.refused(scenario + " --trace /nonexistent/x" + shot, "/nonexistent/x");
  b.refused(scenario + " --tab nope" + shot, "there is no view \"nope\"");
  b.refused(scenario + " " + trace + shot, "one scenario at a time");
}
