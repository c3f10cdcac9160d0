// `stream` on good streams, damaged ones and what is none: the table, one clear line, the documented exit
// code.
#include <fmt/format.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "tests/support/temp_directory.h"
#include "tests/unit/stream/mutate.h"

using namespace stream_test;

namespace {

struct Answer {
  int code = 0;
  std::string out, err;
};

class Bench {
 public:
  std::string file(const std::string& name) const { return (dir_.path / name).string(); }
  Answer ask(const std::string& arguments) const {
    const char* program = std::getenv("XS_PROGRAM");
    REQUIRE(program);
    const int status = std::system(
        fmt::format("timeout 60 {} stream >{} 2>{} {}", program, file("out"), file("err"), arguments)
            .c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read("out"), read("err")};
  }
  Answer list(const Bytes& stream, const std::string& options = "") const {
    std::ofstream(file("x.save"), std::ios::binary) << stream;
    return ask(file("x.save") + " " + options);
  }
  /// One line on standard error, exit code 4.
  void refused(const Answer& a, const std::string& why) const {
    INFO(a.out << a.err);
    CHECK(a.code == 4);
    CHECK(a.err.find("xenoscope: ") == 0);
    CHECK(a.err.find(why) != a.err.npos);
    CHECK(std::count(a.err.begin(), a.err.end(), '\n') == 1);
  }

 private:
  std::string read(const std::string& name) const {
    std::ifstream in(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  xs::test::TempDirectory dir_;
};

unsigned lines_with(const std::string& text, const std::string& what) {
  unsigned n = 0;
  for (size_t at = 0; (at = text.find(what, at)) != text.npos; at++) n++;
  return n;
}
}  // namespace

TEST_CASE("the table of a good stream") {
  const Bench bench;
  const Answer pv = bench.list(full_pv_stream());
  INFO(pv.out << pv.err);
  CHECK(pv.code == 0);
  CHECK(pv.err.empty());
  for (const char* text :
       {"version 3: x86 PV, Xen 4.17", "model direct, 2 VCPUs, at most 16 pages", "configuration: 5 settings",
        "extra = root=/dev/xvda quiet", "64 bits, 4 levels", "P2M of pages 0x0 to 0xf in 1 frame",
        "3 batches: 5 normal, 1 L1, 1 L2, 1 L3, 1 L1 pinned, 1 L4 pinned, 1 broken, 1 allocate only, 2 "
        "absent",
        "VCPU 1: MSRs, 48 bytes", "reads its P2M at 0x12 for 16 pages"})
    CHECK(pv.out.find(text) != pv.out.npos);
  CHECK(pv.out.find(fmt::format("{} {:>12}  all, with headers", pieces_of(full_pv_stream()).size(),
                                full_pv_stream().size())) != pv.out.npos);
  CHECK(bench.list(ia64_stream()).out.find("version 3: IA-64, Xen 4.17") != std::string::npos);
}

TEST_CASE("a line for each batch, streams in a pipe, what follows a stream") {
  const Bench bench;
  CHECK(lines_with(bench.list(pv_stream()).out, "PAGE_DATA") == 2);  // one row, and the total
  CHECK(lines_with(bench.list(pv_stream(), "--all").out, "PAGE_DATA") == 4);
  CHECK(bench.ask("- <" + bench.file("x.save")).code == 0);
  const Answer more = bench.list(pv_stream() + "more");
  CHECK(more.code == 0);
  CHECK(more.out.find(fmt::format("behind the stream, from byte {}.", pv_stream().size())) != more.out.npos);
}

TEST_CASE("damage is told where it is, behind what there is before it") {
  const Bench bench;
  const Bytes s = hvm_stream();
  const Answer cut = bench.list(s.substr(0, s.size() - 9));
  bench.refused(cut, fmt::format("x.save: record 9 (HVM_CONTEXT) at byte {}: the stream ends in the middle",
                                 s.size() - 9));
  CHECK(cut.out.find("model translated") != cut.out.npos);
  Bytes bad = s;
  bad[offset_of(s, stream::rec_page_data) + 15 + 8] = 0x70;
  bench.refused(bench.list(bad), "record 2 (PAGE_DATA) at byte 136: a page has a type that it cannot have");
  bench.refused(bench.list(""), "image header at byte 0: the stream ends in the middle");
  bench.refused(bench.list("Xen saved domain, xl format"),
                "image header at byte 0: this is no migration stream");
  bench.refused(bench.ask(bench.file("none")), "none: No such file or directory");
  bench.refused(bench.ask("/"), "image header at byte 0: reading failed: Is a directory");
}

TEST_CASE("damaged streams never crash it") {
  const Bench bench;
  Rng rng(6);
  const auto all = all_streams();
  unsigned refused = 0;
  for (int i = 0; i < 40; i++) {
    const Answer a = bench.list(mutate_records(all[rng() % all.size()], all, rng));
    INFO(a.err);
    CHECK((a.code == 0 || a.code == 4));
    if (a.code == 4) bench.refused(a, "x.save: ");
    refused += a.code == 4;
  }
  CHECK(refused > 20);
}
