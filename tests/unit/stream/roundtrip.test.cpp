// What one side writes the other reads, in whatever pieces it comes, whether the receiver takes it or passes
// it over.
#include <catch2/catch.hpp>
#include <cstring>

#include "hypervisor/abi/observe.h"
#include "tests/unit/stream/streams.h"

using namespace stream;
using namespace stream_test;

namespace {
std::string contents(const Bytes& bytes) {
  MemorySource source(bytes);
  Reader r(source);
  REQUIRE(r.open());
  std::string out;
  for (Record record; r.next(record);) out += std::string(content_name(record.content)) + "; ";
  REQUIRE(r.complete());
  return out;
}

/// A receiver that wants memory, and has room for as many pages.
struct Memory {
  std::vector<std::vector<u8>> pages;
  std::vector<PageType> types;
  explicit Memory(size_t n) : pages(n), types(n, PageType::absent) {}
  void receive(Reader& r, const Record& record) {
    for (u32 i = 0; i < record.count; i++) {
      const u64 pfn = entry_pfn(r.page(i));
      REQUIRE(pfn < pages.size());
      types[pfn] = entry_type(r.page(i));
      if (!has_contents(types[pfn])) continue;
      pages[pfn].resize(page_bytes);
      REQUIRE(r.read_page(pages[pfn].data()));
    }
    u8 none[1];
    CHECK_FALSE(r.read_page(none));  // of no more than there are: nothing is stored, nothing is wrong
    CHECK_FALSE(r.failed());
  }
};
}  // namespace

TEST_CASE("every stream is read whole, in pieces of any size, taken or passed over") {
  for (const Bytes& bytes : all_streams()) {
    const Reading all = read_stream(bytes);
    INFO(all.line());
    REQUIRE(all.complete);
    CHECK(all.position == bytes.size());
    CHECK(all.records == pieces_of(bytes).size());
    for (const size_t piece : {1, 3, 8, 4095}) {
      MemorySource source(bytes, piece);
      const Reading parts = read_stream(source);
      CHECK(parts.complete);
      CHECK(parts.told == all.told);
    }
    CHECK(read_stream(bytes, {}, true).complete);
  }
}

TEST_CASE("which records a stream has, and where") {
  CHECK(contents(pv_stream()) ==
        "PV information; end of static data; P2M frames; pages; pages; pages; time; shared_info; VCPU "
        "context; VCPU context; "
        "end; ");
  CHECK(contents(hvm_stream()) ==
        "domain; end of static data; pages; pages; pages; time; shared_info; state; VCPU context; VCPU "
        "context; end; ");
  CHECK(contents(full_ia64_stream()) ==
        "domain; configuration; end of static data; pages; pages; pages; verification; pages; shared_info; "
        "state; "
        "VCPU context; VCPU extension; VCPU context; VCPU extension; end; ");
}

TEST_CASE("memory arrives, of several rounds the last") {
  const Bytes bytes = full_pv_stream();
  MemorySource source(bytes);
  Reader r(source);
  REQUIRE(r.open());
  CHECK(r.domain().xen_major == 4);
  CHECK(r.domain().xen_minor == 17);
  Memory memory(16), again(16);
  for (Record record; r.next(record);)
    if (record.content == Content::pages) (r.verifying() ? again : memory).receive(r, record);
  REQUIRE(r.complete());
  CHECK(memory.pages[0] == page_of(0));
  CHECK(memory.types[1] == PageType::absent);
  CHECK(memory.pages[2] == page_of(2, 1));
  CHECK(memory.pages[7] == page_of(7));
  CHECK(memory.types[7] == static_cast<PageType>(0xc));
  CHECK(memory.types[11] == PageType::broken);
  CHECK(memory.types[14] == PageType::absent);
  CHECK(memory.types[15] == PageType::allocate_only);
  CHECK(again.pages[0] == page_of(0));
  CHECK(again.types[2] == PageType::absent);
}

TEST_CASE("values arrive as they were sent") {
  for (const Bytes& bytes : {full_hvm_stream(), full_ia64_stream()}) {
    MemorySource source(bytes, 7);
    Reader r(source);
    REQUIRE(r.open());
    std::string settings;
    std::vector<u64> params;
    for (Record record; r.next(record);) {
      if (record.content == Content::info) {
        const u32 model = r.domain().type == DomainType::ia64 ? XS_MODEL_EXPOSED : XS_MODEL_DOM0_PMT;
        const DomainInfo sent = an_info(model);
        CHECK(std::memcmp(&record.info, &sent, sizeof sent) == 0);
      }
      if (record.content == Content::state) {
        const DomainState sent = a_state();
        CHECK(std::memcmp(&record.state, &sent, sizeof sent) == 0);
      }
      if (record.content == Content::tsc) CHECK(record.tsc.ns == 123456789);
      for (Setting s; r.next_setting(s);) settings += std::string(s.key) + "|" + s.value + "\n";
      for (HvmParam p; r.next_param(p);) params.insert(params.end(), {p.index, p.value});
      if (record.content == Content::vcpu) {
        std::vector<u8> context(r.bytes_left());
        REQUIRE(r.read(context.data(), r.bytes_left()));
        CHECK(context == std::vector<u8>(context.size(), static_cast<u8>(0x40 + record.vcpu)));
      }
    }
    REQUIRE(r.complete());
    CHECK(settings == "name|web\nvcpus|2\nmemory|16\nextra|root=/dev/xvda quiet\ndevice/vif/0/mac|\n");
    if (r.domain().type == DomainType::x86_hvm) CHECK(params == std::vector<u64>{1, 13, 2, 1, 17, 12});
  }
}

TEST_CASE("an optional record that nobody knows is passed over, anywhere") {
  const Bytes unknown = raw_record(0x80001234, "whatever it is");
  Bytes s = with_before(pv_stream(), rec_x86_pv_info, unknown);
  s = with_before(s, rec_page_data, unknown);
  s = with_before(s, rec_end, unknown);
  for (const bool lazy : {false, true}) {
    const Reading r = read_stream(s, {}, lazy);
    INFO(r.line());
    CHECK(r.complete);
    CHECK(r.skipped == 3);
  }
  // Ours, too, where it is not for this kind of domain.
  const Bytes foreign = raw_record(rec_xs_configuration, "no configuration at all");
  CHECK(read_stream(with_before(pv_stream(), rec_static_data_end, foreign)).skipped == 1);
}

TEST_CASE("a batch has up to 1024 entries, and a receiver may stop anywhere") {
  MemorySink sink;
  Writer w(sink, DomainType::x86_hvm);
  DomainInfo info = an_info(XS_MODEL_TRANSLATED);
  info.gfn_end = info.pages_most = 4096;
  std::vector<u64> entries;
  for (u64 pfn = 0; pfn < batch_most; pfn++) entries.push_back(page_entry(4095 - pfn, PageType::normal));
  REQUIRE((w.open(4, 17) && w.info(info) && w.static_data_end() && w.pages(entries.data(), batch_most)));
  for (u32 i = 0; i < batch_most; i++) REQUIRE(w.page(page_of(i).data()));
  CHECK(w.totals().pages == batch_most);
  CHECK(w.totals().bytes[size_t(Content::pages)] == 8 + 8 + batch_most * (8 + page_bytes));
  CHECK_FALSE(w.failed());

  MemorySource source(sink.bytes);
  Reader r(source);
  Record record;
  REQUIRE((r.open() && r.next(record) && r.next(record) && r.next(record)));
  CHECK(record.count == batch_most);
  std::vector<u8> page(page_bytes);
  REQUIRE(r.read_page(page.data()));
  CHECK(page == page_of(0));
  CHECK_FALSE(r.complete());
  CHECK_FALSE(r.failed());  // the receiver stops: nothing is wrong so far
  CHECK_FALSE(r.next(record));
  CHECK(r.failure().fault == Fault::truncated);
  CHECK_FALSE(r.next(record));  // and it stays so
  CHECK(r.failure().offset == sink.bytes.size());
}
