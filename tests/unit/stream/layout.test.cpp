// What lies where, byte by byte, as docs/specs/libxc-migration-stream has it.
#include <catch2/catch.hpp>

#include "hypervisor/abi/observe.h"
#include "tests/unit/stream/streams.h"

#include <xen/xen.h>

using namespace stream;
using namespace stream_test;

static_assert(sizeof(vcpu_guest_context_t) == x86_context_bytes);

namespace {
std::string hex(const Bytes& b) {
  std::string out;
  for (const char c : b) {
    static const char digits[] = "0123456789abcdef";
    out += digits[static_cast<u8>(c) >> 4];
    out += digits[static_cast<u8>(c) & 15];
  }
  return out;
}

struct Writing {
  MemorySink sink;
  Writer w;
  size_t from = 0;
  explicit Writing(DomainType type) : w(sink, type) {
    REQUIRE(w.open(4, 17));
    from = sink.bytes.size();
  }
  /// What has been written since the last time.
  std::string last() {
    const Bytes b = sink.bytes.substr(from);
    from = sink.bytes.size();
    return hex(b);
  }
};
}  // namespace

TEST_CASE("headers, byte by byte") {
  const auto start = [](DomainType type) {
    MemorySink sink;
    Writer w(sink, type);
    REQUIRE(w.open(4, 17));
    CHECK(w.position() == headers);
    return hex(sink.bytes);
  };
  const std::string image =
      "ffffffffffffffff"
      "58454e46"
      "00000003"
      "0000"
      "0000"
      "00000000";
  CHECK(start(DomainType::x86_pv) == image +
                                         "01000000"
                                         "0c00"
                                         "0000"
                                         "04000000"
                                         "11000000");
  CHECK(start(DomainType::x86_hvm) == image +
                                          "02000000"
                                          "0c00"
                                          "0000"
                                          "04000000"
                                          "11000000");
  CHECK(start(DomainType::ia64) == image +
                                       "40005358"
                                       "0c00"
                                       "0000"
                                       "04000000"
                                       "11000000");
}

TEST_CASE("records of x86 PV, byte by byte") {
  Writing t(DomainType::x86_pv);
  REQUIRE(t.w.pv_info());
  CHECK(t.last() ==
        "02000000"
        "08000000"
        "08"
        "04"
        "0000"
        "00000000");
  REQUIRE(t.w.static_data_end());
  CHECK(t.last() ==
        "10000000"
        "00000000");
  const u64 frames[] = {9, 10};
  REQUIRE(t.w.p2m_frames({0, 512}, frames));
  CHECK(t.last() ==
        "03000000"
        "18000000"
        "00000000"
        "00020000"
        "0900000000000000"
        "0a00000000000000");
  const u64 entries[] = {page_entry(5, PageType::absent), page_entry(6, static_cast<PageType>(0xc))};
  REQUIRE(t.w.pages(entries, 2));
  CHECK(t.last() ==
        "01000000"
        "18100000"
        "02000000"
        "00000000"
        "05000000000000f0"
        "06000000000000c0");
  REQUIRE(t.w.page(page_of(6).data()));
  CHECK(t.last() == hex(Bytes(reinterpret_cast<const char*>(page_of(6).data()), page_bytes)));
  REQUIRE(t.w.tsc({1, 2, 3, 4, 0}));
  CHECK(t.last() ==
        "08000000"
        "18000000"
        "01000000"
        "02000000"
        "0300000000000000"
        "04000000"
        "00000000");
  const std::vector<u8> context(x86_context_bytes, 0xab);
  REQUIRE(t.w.vcpu(1, context.data(), x86_context_bytes));
  CHECK(t.last().substr(0, 36) ==
        "04000000"
        "38140000"
        "01000000"
        "00000000"
        "abab");
  const u8 three[] = {1, 2, 3};
  REQUIRE(t.w.vcpu_extended(1, three, 3));
  CHECK(t.last() ==
        "05000000"
        "0b000000"
        "01000000"
        "00000000"
        "010203"
        "0000000000");
  REQUIRE(t.w.vcpu_xsave(1, three, 0));
  CHECK(t.last() ==
        "06000000"
        "08000000"
        "01000000"
        "00000000");
}

TEST_CASE("our records stand in HVM_CONTEXT on x86, and for themselves on IA-64") {
  const DomainInfo info = an_info(XS_MODEL_TRANSLATED);
  const std::string body = hex(raw(info));
  CHECK(body.substr(0, 48) ==
        "01000000"
        "02000000"
        "1000000000000000"
        "2000000000000000");
  Writing x86(DomainType::x86_hvm), ia64(DomainType::ia64);
  REQUIRE(x86.w.info(info));
  CHECK(x86.last() ==
        "09000000"
        "40000000"
        "58534354"
        "0100"
        "0100" +
            body);
  REQUIRE(ia64.w.info(info));
  CHECK(ia64.last() ==
        "01005358"
        "38000000" +
            body);
  const char* const settings[] = {"a=", "name=b"};
  const std::string texts =
      "02000000"
      "00000000"
      "613d00"
      "6e616d653d6200";
  REQUIRE(x86.w.configuration(settings, 2));
  CHECK(x86.last() ==
        "09000000"
        "1a000000"
        "58534354"
        "0100"
        "0500" +
            texts + "000000000000");
  REQUIRE(ia64.w.configuration(settings, 2));
  CHECK(ia64.last() ==
        "050053d8"
        "12000000" +
            texts + "000000000000");
}
