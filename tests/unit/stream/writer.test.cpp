// A writer refuses what a reader would, and says where; its counters are what it wrote.
#include <catch2/catch.hpp>

#include "hypervisor/abi/observe.h"
#include "tests/unit/stream/streams.h"

using namespace stream;
using namespace stream_test;

namespace {
struct Writing {
  MemorySink sink;
  Writer w;
  explicit Writing(DomainType type = DomainType::x86_hvm) : w(sink, type) { REQUIRE(w.open(4, 17)); }
  /// The call that has just been made was refused, nothing was written by it, and nothing will be.
  void refused(bool answer, Fault fault, size_t written) {
    CHECK_FALSE(answer);
    CHECK(sentence(w.failure().fault) == std::string(sentence(fault)));
    CHECK(sink.bytes.size() == written);
    CHECK_FALSE(w.end());
    CHECK_FALSE(w.static_data_end());
    CHECK(sink.bytes.size() == written);
  }
};

/// Of a fresh HVM stream, behind its static data or not.
template <typename F>
void refused(bool in_memory, Fault fault, F&& call) {
  Writing t;
  if (in_memory) REQUIRE((t.w.info(an_info(XS_MODEL_TRANSLATED)) && t.w.static_data_end()));
  const size_t before = t.sink.bytes.size();
  t.refused(call(t.w), fault, before);
}
}  // namespace

TEST_CASE("what cannot be in a stream is not written") {
  const u64 beyond[] = {page_entry(32, PageType::normal)}, table[] = {page_entry(1, PageType::l1)};
  const std::vector<u64> many(batch_most + 1, page_entry(1, PageType::absent));
  const std::vector<u8> context(x86_context_bytes);
  refused(true, Fault::pfn_out_of_range, [&](Writer& w) { return w.pages(beyond, 1); });
  refused(true, Fault::bad_page_type, [&](Writer& w) { return w.pages(table, 1); });
  refused(true, Fault::bad_count, [&](Writer& w) { return w.pages(many.data(), batch_most + 1); });
  refused(true, Fault::bad_count, [&](Writer& w) { return w.pages(many.data(), 0); });
  refused(true, Fault::misuse, [&](Writer& w) { return w.page(context.data()); });
  refused(true, Fault::bad_vcpu, [&](Writer& w) { return w.vcpu(2, context.data(), x86_context_bytes); });
  refused(true, Fault::bad_length, [&](Writer& w) { return w.vcpu(0, context.data(), 8); });
  refused(true, Fault::bad_length, [&](Writer& w) { return w.vcpu(0, context.data(), ~0u); });
  refused(true, Fault::vcpu_without_context,
          [&](Writer& w) { return w.vcpu_extended(0, context.data(), 8); });
  refused(true, Fault::other_domain_type, [](Writer& w) { return w.pv_info(); });
  refused(true, Fault::out_of_order, [](Writer& w) { return w.end(); });
  refused(true, Fault::duplicate, [](Writer& w) { return w.info(an_info(XS_MODEL_TRANSLATED)); });
  refused(true, Fault::reserved_not_zero, [](Writer& w) { return w.tsc({0, 0, 0, 0, 1}); });
  refused(true, Fault::bad_count, [](Writer& w) { return w.hvm_params(nullptr, param_most + 1); });
  refused(true, Fault::misuse, [](Writer& w) { return w.open(4, 17); });
  refused(false, Fault::incomplete, [](Writer& w) { return w.static_data_end(); });
  refused(false, Fault::out_of_order, [](Writer& w) { return w.state(a_state()); });
  refused(false, Fault::bad_model, [](Writer& w) { return w.info(an_info(XS_MODEL_DIRECT)); });
  refused(false, Fault::bad_count, [](Writer& w) { return w.cpuid_policy(nullptr, policy_most + 1); });
  refused(false, Fault::bad_count, [](Writer& w) { return w.msr_policy(nullptr, 0); });
  const char *const bad[] = {"novalue"}, *const fine[] = {"a=b"};
  refused(false, Fault::bad_setting, [&](Writer& w) { return w.configuration(bad, 1); });
  refused(false, Fault::bad_count, [&](Writer& w) { return w.configuration(fine, settings_most + 1); });
  const std::string big = "a=" + std::string(setting_most - 3, 'x');
  const std::vector<const char*> much(40, big.c_str());
  refused(false, Fault::bad_length, [&](Writer& w) { return w.configuration(much.data(), 40); });
}

TEST_CASE("the P2M's frames are checked against its range") {
  Writing t(DomainType::x86_pv);
  REQUIRE((t.w.pv_info() && t.w.static_data_end()));
  const u64 frames[] = {512, 513};
  const size_t before = t.sink.bytes.size();
  t.refused(t.w.p2m_frames({0, 512}, frames), Fault::pfn_out_of_range, before);
  Writing other(DomainType::x86_pv);
  REQUIRE((other.w.pv_info() && other.w.static_data_end()));
  other.refused(other.w.p2m_frames({5, 4}, frames), Fault::bad_p2m_range, before);
}

TEST_CASE("nothing may come between the pages of a batch") {
  Writing t;
  REQUIRE((t.w.info(an_info(XS_MODEL_TRANSLATED)) && t.w.static_data_end()));
  const u64 entries[] = {page_entry(1, PageType::normal), page_entry(2, PageType::absent),
                         page_entry(3, PageType::normal)};
  REQUIRE((t.w.pages(entries, 3) && t.w.page(page_of(1).data())));
  const size_t before = t.sink.bytes.size();
  t.refused(t.w.verify(), Fault::misuse, before);
}

TEST_CASE("a sink that fails ends it, wherever") {
  const Bytes whole = hvm_stream();
  for (size_t room = 0; room < 400; room += 7) {
    MemorySink sink;
    sink.room = room;
    Writer w(sink, DomainType::x86_hvm);
    const u64 entries[] = {page_entry(1, PageType::normal)};
    const bool answer = w.open(4, 17) && w.info(an_info(XS_MODEL_TRANSLATED)) && w.static_data_end() &&
                        w.pages(entries, 1) && w.page(page_of(1).data());
    CHECK_FALSE(answer);
    CHECK(w.failure().fault == Fault::sink_failed);
    CHECK(w.position() == sink.bytes.size());
    CHECK(sink.bytes.compare(0, std::min<size_t>(sink.bytes.size(), 100), whole, 0,
                             std::min<size_t>(sink.bytes.size(), 100)) == 0);
  }
}

TEST_CASE("counters by record") {
  MemorySink sink;
  Writer w(sink, DomainType::x86_hvm);
  REQUIRE((w.open(4, 17) && w.info(an_info(XS_MODEL_TRANSLATED)) && w.static_data_end()));
  const u64 entries[] = {page_entry(1, PageType::normal), page_entry(2, PageType::absent)};
  for (int round = 0; round < 3; round++) REQUIRE((w.pages(entries, 2) && w.page(page_of(1).data())));
  const auto bytes = [&](Content c) { return w.totals().bytes[size_t(c)]; };
  CHECK(w.totals().header_bytes == headers);
  CHECK(bytes(Content::info) == 8 + sizeof(ContextHeader) + sizeof(DomainInfo));
  CHECK(bytes(Content::static_data_end) == 8);
  CHECK(bytes(Content::pages) == 3 * (8 + 8 + 16 + page_bytes));
  CHECK(w.totals().records[size_t(Content::pages)] == 3);
  CHECK(w.totals().pages == 3);
  CHECK(w.totals().all_bytes() == sink.bytes.size());
  CHECK(w.position() == sink.bytes.size());
}
