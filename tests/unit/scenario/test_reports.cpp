// Reports: escapes, verdicts, round trip, files, and dom0's disk.
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/core/xml_text.h"
#include "sim/scenario/disk_image.h"
#include "sim/scenario/report.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/scenario/run_fake.h"

using namespace xs;
using namespace xs::scenario;
using xs::test::TempDirectory;
namespace fs = std::filesystem;

namespace {

RunResult failed_result() {
  FakeTarget t;
  t.observation_.own(XS_OWNER_FREE, 5);
  t.serial(1, "(XEN) <odd> & \"quoted\"\n(d0) a\x01z\n");
  RunResult r =
      run_fake(t, R"({"list":{}},{"expect":{"console":[{"source":"xen","text":"<odd>","absent":true}]}})");
  r.arch = "x86_64";
  return r;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("XML escapes and characters that XML forbids") {
  CHECK(xml_escape("a<b>&\"c'") == "a&lt;b&gt;&amp;&quot;c'");
  CHECK(xml_escape(std::string("x\0y\x1b\x7f", 5)) == "x\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(xml_escape("tab\tline\n\xc3\xa9\xe2\x82\xac") == "tab\tline\n\xc3\xa9\xe2\x82\xac");
  CHECK(xml_escape("\xef\xbf\xbf]]>") == "\xef\xbf\xbd]]&gt;");
}

TEST_CASE("JUnit: one case per scenario, failure and error told apart") {
  RunResult good, crash, skip;
  good.scenario = "good";
  crash.scenario = "crash", crash.exit_code = 6, crash.message = "panic <here>";
  skip.scenario = "skip", skip.exit_code = 3, skip.message = "no kernel";
  const std::string xml = junit_report({good, failed_result(), crash, skip});
  CHECK(xml.find("tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\"") != std::string::npos);
  CHECK(count(xml, "<testcase ") == 4);
  CHECK(count(xml, "<failure type=\"failure\"") == 1);
  CHECK(xml.find("<error type=\"crash\" message=\"panic &lt;here&gt;\">") != std::string::npos);
  CHECK(xml.find("xen | &lt;odd&gt; &amp; &quot;quoted&quot;\ndom0 | a\\x01z") != std::string::npos);
  CHECK(xml.find("f.json:2: /steps/1/expect/console/0: ") != std::string::npos);
}

TEST_CASE("a result survives the way through JSON") {
  RunResult r = failed_result();
  REQUIRE(r.steps.at(1).observed);
  r.steps[1].p2m = {{3, {5, 1, 1, 1}, 0, 2048, 64, 2, 7, 6, 1}, {4, {}, 40, 20480, 0, 0, 0, 0, 0}};
  const RunResult back = from_json(Json::parse(to_json(r).dump()));
  CHECK(to_json(back) == to_json(r));
  REQUIRE(back.steps[1].p2m.size() == 2);
  CHECK(back.steps[1].p2m[0].held == std::array<u64, 4>{5, 1, 1, 1});
  CHECK((back.steps[1].p2m[0].shared == 1 && back.steps[1].p2m[1].own_pages == 40));
  CHECK(back.exit_code == 5);
  CHECK(back.trace_hash == r.trace_hash);
  CHECK(text_report(back) == text_report(r));
  CHECK_THROWS_AS(from_json(Json::parse("{}")), Error);
  CHECK_THROWS_AS(from_json(Json::parse("[1]")), Error);
}

TEST_CASE("the text report tells steps, consoles, owners and counters") {
  const std::string text = text_report(failed_result());
  CHECK(text.find("scenario t (x86_64, seed 1): failure (exit code 5)") == 0);
  CHECK(text.find("FAILED  expect") != std::string::npos);
  CHECK(text.find("xl> list") != std::string::npos);
  CHECK(text.find("xen      | <odd> & \"quoted\"") != std::string::npos);
  CHECK(text.find("1280 (5.00)") != std::string::npos);
  CHECK(text.find("instructions") != std::string::npos);
}

TEST_CASE("checks that were not applied are one line of the step, and only then") {
  RunResult r = failed_result();
  CHECK(text_report(r).find("not checked") == std::string::npos);
  CHECK(to_json(r)["steps"][1]["skipped"] == Json::array());
  r.steps[1].skipped = {"dom1: P2M not compared: its memory is changing", "dom2: has not run yet"};
  const std::string text = text_report(r);
  CHECK(count(text, "not checked") == 1);
  CHECK(text.find(
            "        = 0\n        not checked: dom1: P2M not compared: its memory is changing; dom2: has not "
            "run yet\n") != std::string::npos);
  CHECK(from_json(to_json(r)).steps[1].skipped == r.steps[1].skipped);
  CHECK(to_json(r)["steps"][1]["skipped"][1] == "dom2: has not run yet");
}

TEST_CASE("artifacts are files below the directory") {
  const TempDirectory temp;
  RunResult r = failed_result();
  r.p2m["dom1"] = "pfn=0x1 ==> mfn=0x2\n";
  write_artifacts(r, temp.path / "a" / "b");
  CHECK(read_text_file(temp.path / "a/b/consoles/xen.txt", 1000) == "<odd> & \"quoted\"\n");
  CHECK(read_text_file(temp.path / "a/b/p2m/dom1.txt", 1000) == "pfn=0x1 ==> mfn=0x2\n");
  CHECK(from_json(Json::parse(read_text_file(temp.path / "a/b/report.json", 1 << 20))).scenario == "t");
}

TEST_CASE("files that cannot be written give one clear error") {
  CHECK_THROWS_WITH(write_file("/nonexistent/x", "y"),
                    "/nonexistent/x: cannot be written: No such file or directory");
  CHECK_THROWS_WITH(write_file("/dev/full", "y"), "/dev/full: cannot be written: No space left on device");
  CHECK_THROWS_WITH(write_artifacts({}, "/dev/null/x"),
                    Catch::Contains("/dev/null/x/consoles: cannot be made"));
}

TEST_CASE("dom0's disk is a reproducible ustar archive") {
  const TempDirectory temp;
  const std::string a = temp.path / "a.tar", b = temp.path / "b.tar", big = temp.path / "kernel.elf";
  write_file(big, std::string(100'001, 'k'));
  const std::vector<DiskFile> files = {{"kernel", big}, {"empty", "/dev/null"}};
  write_disk_image(a, files);
  ::utimensat(AT_FDCWD, big.c_str(), nullptr, 0);
  ::chmod(big.c_str(), 0600);
  write_disk_image(b, files);
  const std::string bytes = read_text_file(a, 1 << 20);
  CHECK(bytes == read_text_file(b, 1 << 20));
  CHECK(bytes.size() % 512 == 0);
  CHECK(bytes.substr(257, 5) == "ustar");
  archive* in = archive_read_new();
  archive_read_support_format_tar(in);
  REQUIRE(archive_read_open_filename(in, a.c_str(), 10240) == ARCHIVE_OK);
  archive_entry* entry = nullptr;
  REQUIRE(archive_read_next_header(in, &entry) == ARCHIVE_OK);
  CHECK(std::string(archive_entry_pathname(entry)) == "kernel");
  CHECK(archive_entry_size(entry) == 100'001);
  REQUIRE(archive_read_next_header(in, &entry) == ARCHIVE_OK);
  CHECK(std::string(archive_entry_pathname(entry)) == "empty");
  CHECK(archive_read_next_header(in, &entry) == ARCHIVE_EOF);
  archive_read_free(in);
  CHECK_THROWS_WITH(write_disk_image(a, {{"x", "/nonexistent/k.elf"}}),
                    "/nonexistent/k.elf: No such file or directory");
  CHECK_THROWS_WITH(write_disk_image("/dev/full", files), Catch::Contains("No space left on device"));
}
