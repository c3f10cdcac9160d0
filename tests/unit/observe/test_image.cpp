// ELF images: what is read from them, and that no input can do harm.
#include <catch2/catch.hpp>
#include <random>

#include "fake_machine.h"
#include "sim/observe/image.h"
#include "sim/observe/names.h"
#include "sim/observe/symbols.h"

using namespace xs;
using namespace xs::observe;
using namespace xs::test;

extern "C" int xs_line_probe(int x);
extern "C" __attribute__((noinline)) int xs_line_probe(int x) { return x * 3 + 1; }  // XS_LINE_PROBE
static constexpr unsigned probe_line = __LINE__ - 1;

TEST_CASE("an image gives taps, layout, code and symbols") {
  FakeElf elf = hypervisor_elf();
  elf.code[0x12] = 0x48;
  const Image image("hv.elf", elf.bytes());
  REQUIRE(image.taps().size() == 4);
  CHECK(image.taps()[2].pc == pc_cas64);
  CHECK(image.taps()[2].kind == XS_TAP_CAS64);
  REQUIRE(image.layout() != nullptr);
  CHECK(image.layout()->m2p_va == 0xffff808000000000);
  CHECK(image.contains(hv_base + 255));
  CHECK_FALSE(image.contains(hv_base + 256));
  REQUIRE(image.code_at(pc_store64, 8).size() == 8);
  CHECK(image.code_at(pc_store64, 8)[2] == 0x48);
  CHECK(image.code_at(hv_base + 250, 8).empty());
  REQUIRE(image.function_at(pc_cas64 + 15) != nullptr);
  CHECK(image.function_at(pc_cas64 + 15)->name == "xs_cas64");
  CHECK(image.function_at(hv_base + 0x60) == nullptr);
  CHECK(image.symbol("xs_store32") == pc_store32);
  CHECK_FALSE(image.symbol("xs_store16").has_value());
}

TEST_CASE("C++ names are demangled, the sized symbol wins, labels reach to the next symbol") {
  FakeElf elf = hypervisor_elf();
  elf.symbols = {{"_ZN2hv12do_memory_opERKNS_13HypercallArgsE", hv_base, 32},
                 {"_ZN2hv12_GLOBAL__N_14lineEPKcm", hv_base + 128, 8},
                 {"_ZN2hv4LessclEii", hv_base + 136, 8},
                 {"alias_label", hv_base, 0, STT_NOTYPE},
                 {"entry_label", hv_base + 64, 0, STT_NOTYPE},
                 {"after", hv_base + 96, 8}};
  const Image image("hv.elf", elf.bytes());
  CHECK(image.function_at(hv_base + 31)->name == "hv::do_memory_op");
  CHECK(image.function_at(hv_base + 32) == nullptr);
  CHECK(image.function_at(hv_base + 95)->name == "entry_label");
  CHECK(image.function_at(hv_base + 130)->name == "hv::(anonymous namespace)::line");
  CHECK(image.function_at(hv_base + 140)->name == "hv::Less::operator()");
}

TEST_CASE("symbolizer names code of several images and annotates backtraces") {
  Symbolizer symbols;
  symbols.add(std::make_shared<const Image>("hv.elf", hypervisor_elf().bytes()));
  symbols.add(std::make_shared<const Image>("guest.elf", guest_elf().bytes()));
  CHECK(symbols.describe(pc_store64 + 4) == "hv.elf: xs_store64+0x4");
  CHECK(symbols.describe(guest_base + 1) == "guest.elf: 0xffffffff80000001");
  CHECK(symbols.describe(0x1234) == "0x1234");
  CHECK(symbols.function(pc_mark) == "xs_mark_store");
  CHECK(symbols.annotate_backtrace("(XEN)    [<ffff82d080000014>]") ==
        "(XEN)    [<ffff82d080000014>] hv.elf: xs_store64+0x4");
  CHECK(symbols.annotate_backtrace("(XEN) no address [<zz>]") == "(XEN) no address [<zz>]");
}

TEST_CASE("source lines come from DWARF") {
  const Image self("/proc/self/exe");
  const auto address = self.symbol("xs_line_probe");
  REQUIRE(address);
  const auto line = self.line_at(*address);
  REQUIRE(line);
  CHECK(line->file.ends_with("test_image.cpp"));
  CHECK(line->line == probe_line);
  CHECK(xs_line_probe(1) == 4);
}

TEST_CASE("bad images give one clear error") {
  const auto message = [](std::vector<u8> bytes) {
    try {
      Image image("x.elf", std::move(bytes));
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("no error");
  };
  CHECK(message({}) == "x.elf: not an ELF file");
  CHECK(message(std::vector<u8>(4096, 'a')) == "x.elf: not an ELF file");
  std::vector<u8> whole = hypervisor_elf().bytes();
  std::vector<u8> cut(whole.begin(), whole.begin() + 200);
  CHECK(message(cut).starts_with("x.elf: truncated ELF file"));
  FakeElf elf = hypervisor_elf();
  elf.layout.magic = 7;
  CHECK(message(elf.bytes()) == "x.elf: .xs_layout: wrong magic");
  elf = hypervisor_elf();
  elf.layout.version = 3;
  CHECK(message(elf.bytes()) == "x.elf: .xs_layout: version 3 is not 2");
  elf = hypervisor_elf();
  elf.taps[0].kind = 99;
  CHECK(message(elf.bytes()) == "x.elf: .xs_taps: unknown kind 99 at 0xffff82d080000010");
  CHECK_THROWS_WITH(Image("/nonexistent/x.elf"), "/nonexistent/x.elf: no such file");
  CHECK_THROWS_WITH(Image("/tmp"), "/tmp: no such file");
}

TEST_CASE("twisted images never crash") {
  const std::vector<u8> whole = hypervisor_elf().bytes();
  std::mt19937_64 random(1);
  unsigned read = 0, refused = 0;
  for (unsigned round = 0; round < 4000; ++round) {
    std::vector<u8> bytes = whole;
    for (unsigned n = 1 + random() % 8; n > 0; --n)
      bytes[random() % bytes.size()] = static_cast<u8>(random());
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    try {
      const Image image("x.elf", bytes);
      image.function_at(pc_cas64);
      image.line_at(pc_cas64);
      image.code_at(pc_cas64, 16);
      ++read;
    } catch (const Error&) {
      ++refused;
    }
  }
  CHECK(read > 100);
  CHECK(refused > 100);
}

TEST_CASE("names are Xen's") {
  CHECK(operation_name(op_populate) == "memory_op.populate_physmap");
  CHECK(operation_name(op(12, 6 | 5 << 6)) ==
        "memory_op.populate_physmap");  // start extent in the upper bits
  CHECK(operation_name(op_create) == "domctl.createdomain");
  CHECK(operation_name(op_multicall) == "multicall");
  CHECK(operation_name(op(29, 1)) == "sched_op.block");
  CHECK(operation_name(op(26, 77)) == "mmuext_op.77");
  CHECK(operation_name(op(61)) == "hypercall_61");
  CHECK(owner_name(XS_OWNER_FREE) == "free");
  CHECK(owner_name(3) == "dom3");
  CHECK(owner_name(0xdead) == "owner 0xdead");
  CHECK(std::string(frame_type_name(XS_FRAME_SEGDESC)) == "seg_desc");
  CHECK(std::string(frame_type_name(15)) == "unknown");
  CHECK(vector_name("x86_64", 14) == "#PF");
  CHECK(vector_name("x86_64", 0x40) == "vector 0x40");
  CHECK(vector_name("ia64", 0x2c00) == std::string("break instruction"));
}
