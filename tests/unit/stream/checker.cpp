// What Xen's own checker of streams (verify-stream-v2, package xen-utils-4.17) says of ours: it takes each
// x86 stream that the writer writes, and none that the reader takes is one that it refuses. It knows neither
// optional records nor the order that records have among each other, so that there the reader alone decides.
#define CATCH_CONFIG_RUNNER
#include <glob.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>

#include "tests/support/temp_directory.h"
#include "tests/unit/stream/mutate.h"

using namespace stream;
using namespace stream_test;

namespace {

std::string checker() {
  glob_t found{};
  std::string path;
  if (::glob("/usr/lib/xen-*/bin/verify-stream-v2", 0, nullptr, &found) == 0) path = found.gl_pathv[0];
  ::globfree(&found);
  return path;
}

/// Its verdict, and what it said.
struct Verdict {
  int code;
  std::string text;
};
Verdict ask(const Bytes& stream, const char* options = "") {
  const xs::test::TempDirectory dir;
  const std::string file = (dir.path / "stream").string();
  std::ofstream(file, std::ios::binary) << stream;
  // Debian's package leaves it to the caller to say where the program's own modules are.
  const std::string modules = checker().substr(0, checker().rfind("/bin/")) + "/lib/python";
  std::FILE* out = ::popen(
      ("PYTHONPATH=" + modules + " " + checker() + " " + options + " --in " + file + " 2>&1").c_str(), "r");
  REQUIRE(out);
  Verdict v{0, ""};
  char part[4096];
  for (size_t n; (n = std::fread(part, 1, sizeof part, out)) > 0;) v.text.append(part, n);
  const int status = ::pclose(out);
  v.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return v;
}

std::vector<Bytes> x86_streams() { return {pv_stream(), hvm_stream(), full_pv_stream(), full_hvm_stream()}; }

Bytes patched(Bytes s, size_t at, u8 value) {
  s[at] = static_cast<char>(value);
  return s;
}

void both_refuse(const char* what, const Bytes& stream) {
  INFO(what);
  const Reading r = read_stream(stream);
  CHECK_FALSE(r.complete);
  const Verdict v = ask(stream);
  INFO(r.line() << "\n" << v.text);
  CHECK(v.code == 1);
  CHECK(v.text.find("Stream Error:") == 0);  // and is not broken itself
}
}  // namespace

TEST_CASE("the checker takes what the writer writes") {
  for (const Bytes& s : x86_streams()) {
    const Verdict v = ask(s, "-v");
    INFO(v.text);
    CHECK(v.code == 0);
    CHECK(v.text.find("Version 3") != v.text.npos);
    CHECK(v.text.find("from Xen 4.17") != v.text.npos);
  }
  CHECK(ask(full_pv_stream(), "-v").text.find("64bit guest, 4 levels of pagetables") != std::string::npos);
  CHECK(ask(full_pv_stream(), "-v").text.find("vcpu1 msrs context, 48 bytes") != std::string::npos);
}

TEST_CASE("the checker refuses what the reader refuses") {
  const Bytes s = full_pv_stream();
  const auto body = [&](u32 type) { return offset_of(s, type) + sizeof(RecordHeader); };
  both_refuse("marker", patched(s, 0, 0));
  both_refuse("identifier", patched(s, 9, 0));
  both_refuse("version", patched(s, 15, 4));
  both_refuse("options", patched(s, 16, 1));
  both_refuse("domain type", patched(s, 24, 9));
  both_refuse("page shift", patched(s, 28, 13));
  both_refuse("cut", s.substr(0, s.size() - 8));
  both_refuse("cut in a page", s.substr(0, s.size() / 2));
  both_refuse("unknown record", with_before(s, rec_end, raw_record(0x13, "")));
  both_refuse("pages' reserved field", patched(s, body(rec_page_data) + 4, 1));
  both_refuse("pages' count", patched(s, body(rec_page_data), 3));
  both_refuse("pages' type", patched(s, body(rec_page_data) + 15, 0x70));
  both_refuse("page frame number", patched(s, body(rec_page_data) + 14, 0x10));
  both_refuse("padding",
              with_record(s, rec_end,
                          raw(RecordHeader{rec_end, 0}).substr(0, 4) + Bytes("\1\0\0\0x\0\0\0\0\0\0\0", 12)));
  both_refuse("width", patched(s, body(rec_x86_pv_info), 5));
  both_refuse("VCPU's reserved field", patched(s, body(rec_x86_pv_vcpu_msrs) + 4, 1));
  both_refuse("shared_info", with_record(s, rec_shared_info, raw_record(rec_shared_info, "short")));
  both_refuse("time", with_record(s, rec_x86_tsc_info, raw_record(rec_x86_tsc_info, "short")));
  both_refuse("dirty list", with_before(s, rec_end, raw_record(rec_checkpoint_dirty_pfn_list, raw(u64{0}))));
  both_refuse("empty context", with_record(s, rec_hvm_context, raw_record(rec_hvm_context, "")));
}

TEST_CASE("what only the reader takes: domains of IA-64, and optional records") {
  CHECK(ask(ia64_stream()).text.find("Unrecognised domain type") != std::string::npos);
  const Bytes optional = with_before(pv_stream(), rec_end, raw_record(0x80000001, "x"));
  CHECK(read_stream(optional).complete);
  CHECK(ask(optional).text.find("Unrecognised record type") != std::string::npos);
}

TEST_CASE("what the reader takes of damaged streams the checker takes, too") {
  Rng rng(20051122);
  const auto all = x86_streams();
  unsigned asked = 0, both = 0;
  for (int i = 0; asked < 60 && i < 20000; i++) {
    const Bytes& from = all[rng() % all.size()];
    const Bytes s = rng() % 2 ? flip_bits(from, rng, 1 + rng() % 3) : mutate_records(from, all, rng);
    const Reading r = read_stream(s, {}, true);
    if (!r.complete || r.skipped || s == from) continue;
    asked++;
    const Verdict v = ask(s);
    INFO(v.text);
    CHECK(v.code == 0);
    if (v.code == 0) both++;
  }
  CHECK(asked == 60);
  CHECK(both == asked);
}

int main(int argc, char** argv) {
  if (checker().empty()) {
    std::printf("skipped: no verify-stream-v2 (package xen-utils-4.17)\n");
    return 77;
  }
  return Catch::Session().run(argc, argv);
}
