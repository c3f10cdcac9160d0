// Each way in which a stream can be wrong: the error, its place and its sentence.
#include <catch2/catch.hpp>
#include <cstring>
#include <set>

#include "hypervisor/abi/observe.h"
#include "tests/unit/stream/streams.h"

using namespace stream;
using namespace stream_test;

namespace {

std::set<Fault> proven;

void refused(const Bytes& bytes, Fault fault, u64 offset, const Limits& limits = {}) {
  for (const bool lazy : {false, true}) {
    const Reading r = read_stream(bytes, limits, lazy);
    INFO(r.line());
    CHECK_FALSE(r.complete);
    CHECK(sentence(r.failure.fault) == std::string(sentence(fault)));
    CHECK(r.failure.offset == offset);
  }
  proven.insert(fault);
}

template <typename T>
Bytes patched(Bytes bytes, size_t at, T value) {
  REQUIRE(at + sizeof value <= bytes.size());
  std::memcpy(&bytes[at], &value, sizeof value);
  return bytes;
}

/// Offset of what follows the header of the first such record.
size_t body_of(const Bytes& s, u32 type) { return offset_of(s, type) + sizeof(RecordHeader); }

/// In place of a body: the record with another of the same type and kind.
template <typename T>
void refused_value(const Bytes& s, size_t at, T value, Fault fault) {
  refused(patched(s, at, value), fault, at);
}
}  // namespace

TEST_CASE("headers") {
  const Bytes s = pv_stream();
  refused(patched<u8>(s, 3, 0), Fault::bad_marker, 0);
  refused(patched<u8>(s, 8, 'x'), Fault::bad_id, 8);
  refused(patched<u8>(s, 15, 2), Fault::bad_version, 12);
  refused(patched<u8>(s, 15, 4), Fault::bad_version, 12);
  refused(patched<u8>(s, 17, 1), Fault::big_endian, 16);
  refused(patched<u8>(s, 16, 1), Fault::reserved_not_zero, 16);
  refused(patched<u8>(s, 18, 1), Fault::reserved_not_zero, 16);
  refused(patched<u8>(s, 23, 1), Fault::reserved_not_zero, 16);
  refused(patched<u32>(s, 24, 3), Fault::bad_domain_type, 24);
  refused(patched<u16>(s, 28, 14), Fault::bad_page_shift, 28);
  refused(patched<u16>(s, 30, 1), Fault::reserved_not_zero, 30);
}

TEST_CASE("records that are none, too long, or of somebody else") {
  const Bytes s = hvm_stream(), pv = pv_stream(), ia64 = ia64_stream();
  const size_t at = offset_of(s, rec_page_data);
  const auto before_pages = [&](u32 type, const Bytes& body) {
    return with_before(s, rec_page_data, raw_record(type, body));
  };
  refused(patched<u32>(s, at + 4, record_most + 1), Fault::record_too_long, at + 4);
  refused(before_pages(0x13, ""), Fault::unknown_record, at);
  refused(before_pages(0x7fffffff, ""), Fault::unknown_record, at);
  refused(before_pages(rec_toolstack, "state"), Fault::unsupported_record, at);
  refused(before_pages(rec_checkpoint, ""), Fault::unsupported_record, at);
  refused(before_pages(rec_checkpoint_dirty_pfn_list, ""), Fault::unsupported_record, at);
  refused(before_pages(rec_x86_pv_info, raw(PvInfo{8, 4, 0, 0})), Fault::other_domain_type, at);
  refused(before_pages(rec_xs_info, raw(an_info(1))), Fault::other_domain_type, at);
  refused(with_before(ia64, rec_page_data, raw_record(rec_x86_tsc_info, raw(TscInfo{}))),
          Fault::other_domain_type, offset_of(ia64, rec_page_data));
  const Bytes vcpu =
      raw(ContextHeader{context_id, 1, context_vcpu}) + raw(VcpuHeader{0, 0}) + Bytes(x86_context_bytes, 'v');
  refused(with_before(pv, rec_page_data, raw_record(rec_hvm_context, vcpu)), Fault::other_domain_type,
          offset_of(pv, rec_page_data));
  refused(before_pages(rec_hvm_context, raw(ContextHeader{context_id, 1, 99})), Fault::bad_context, at);
  refused(before_pages(rec_hvm_context, raw(ContextHeader{context_id, 1, 0})), Fault::bad_context, at + 8);
  refused(before_pages(rec_hvm_context, raw(ContextHeader{context_id, 2, 1})), Fault::bad_context, at + 8);
  refused(before_pages(rec_hvm_context, "Xen's own"), Fault::bad_context, at + 8);
  refused(before_pages(rec_hvm_context, "short"), Fault::bad_length, at);
}

TEST_CASE("lengths and padding") {
  const Bytes s = full_pv_stream();
  for (const Piece& p : pieces_of(s)) {
    RecordHeader h;
    std::memcpy(&h, &s[p.at], sizeof h);
    if (h.type == rec_hvm_context || h.type == rec_x86_pv_vcpu_extended || h.type == rec_x86_pv_vcpu_xsave)
      continue;
    INFO(type_name(h.type));
    const Bytes longer = raw_record(h.type, s.substr(p.at + 8, h.length) + "x");
    const Reading r = read_stream(s.substr(0, p.at) + longer + s.substr(p.at + p.size));
    CHECK(sentence(r.failure.fault) == std::string(sentence(Fault::bad_length)));
    CHECK(r.failure.offset == p.at);
  }
  const size_t extended = offset_of(s, rec_x86_pv_vcpu_extended);
  const Bytes odd =
      raw(RecordHeader{rec_x86_pv_vcpu_extended, 11}) + raw(VcpuHeader{0, 0}) + Bytes("xyz\0\0\0\1\0", 8);
  refused(with_record(s, rec_x86_pv_vcpu_extended, odd), Fault::padding_not_zero, extended + 19);
  const Bytes little = raw_record(rec_x86_pv_vcpu_xsave, "1234");
  refused(with_record(s, rec_x86_pv_vcpu_xsave, little), Fault::bad_length,
          offset_of(s, rec_x86_pv_vcpu_xsave));
  const Bytes huge = raw_record(rec_x86_pv_vcpu_xsave, Bytes(xsave_most + 16, 0));
  refused(with_record(s, rec_x86_pv_vcpu_xsave, huge), Fault::bad_length,
          offset_of(s, rec_x86_pv_vcpu_xsave));
}

TEST_CASE("order") {
  const Bytes s = pv_stream(), full = full_pv_stream(), hvm = hvm_stream();
  const Bytes tsc = raw_record(rec_x86_tsc_info, raw(TscInfo{})),
              batch = s.substr(pieces_of(s)[4].at, pieces_of(s)[4].size);
  const size_t static_end = offset_of(s, rec_static_data_end);
  refused(with_before(s, rec_x86_pv_info, batch), Fault::out_of_order, headers);
  refused(with_before(s, rec_static_data_end, tsc), Fault::out_of_order, static_end);
  refused(with_before(s, rec_x86_pv_info, raw_record(rec_verify, "")), Fault::out_of_order, headers);
  refused(with_before(s, rec_end, batch), Fault::out_of_order, offset_of(s, rec_end));
  refused(with_before(s, rec_end, raw_record(rec_verify, "")), Fault::out_of_order, offset_of(s, rec_end));
  refused(with_before(s, rec_page_data, raw_record(rec_end, "")), Fault::out_of_order,
          offset_of(s, rec_page_data));
  refused(with_before(hvm, rec_page_data, hvm.substr(headers, pieces_of(hvm)[0].size)), Fault::duplicate,
          offset_of(hvm, rec_page_data));
  refused(without(s, rec_x86_pv_p2m_frames), Fault::pages_too_early, offset_of(s, rec_x86_pv_p2m_frames));
  refused(without(s, rec_static_data_end), Fault::out_of_order, static_end);
}

TEST_CASE("what may come once, and what must come") {
  const Bytes s = full_pv_stream();
  for (const u32 type : {rec_x86_pv_info, rec_static_data_end, rec_x86_pv_p2m_frames, rec_verify,
                         rec_x86_tsc_info, rec_shared_info, rec_x86_cpuid_policy, rec_x86_msr_policy}) {
    const Piece p = [&] {
      for (const Piece& each : pieces_of(s))
        if (each.type == type) return each;
      return Piece{};
    }();
    refused(s.substr(0, p.at + p.size) + s.substr(p.at), Fault::duplicate, p.at + p.size);
  }
  const Bytes pv = pv_stream(), hvm = hvm_stream();
  const auto end_without = [](const Bytes& of, u32 type) {
    const Bytes rest = without(of, type);
    refused(rest, Fault::incomplete, offset_of(rest, rec_end));
  };
  end_without(pv, rec_shared_info);
  end_without(hvm, rec_shared_info);
  end_without(ia64_stream(), rec_xs_state);
  refused(without(pv, rec_x86_pv_info), Fault::incomplete, headers);
  refused(without(hvm, rec_hvm_context), Fault::incomplete, headers);
  end_without(without(pv, rec_x86_pv_vcpu_basic), rec_x86_pv_vcpu_basic);
}

TEST_CASE("pages") {
  const Bytes s = pv_stream(), hvm = hvm_stream();
  const size_t at = body_of(s, rec_page_data), in_hvm = body_of(hvm, rec_page_data);
  refused_value<u32>(s, at, 0, Fault::bad_count);
  refused_value<u32>(s, at, batch_most + 1, Fault::bad_count);
  refused_value<u32>(s, at, 10, Fault::bad_page_length);
  refused_value<u32>(s, at + 4, 1, Fault::reserved_not_zero);
  refused_value<u64>(s, at + 8, 1ull << 52, Fault::reserved_not_zero);
  refused_value<u64>(s, at + 8, 1ull << 59, Fault::reserved_not_zero);
  for (const u64 type : {5, 6, 7, 8}) refused_value<u64>(s, at + 8, type << 60, Fault::bad_page_type);
  for (const u64 type : {1, 4, 9, 0xc}) refused_value<u64>(hvm, in_hvm + 8, type << 60, Fault::bad_page_type);
  refused_value<u64>(s, at + 16, 16, Fault::pfn_out_of_range);
  refused_value<u64>(hvm, in_hvm + 16, 32, Fault::pfn_out_of_range);
  refused_value<u64>(s, at + 16, pfn_mask, Fault::pfn_out_of_range);
  refused(patched<u64>(s, at + 8, page_entry(0, PageType::absent)), Fault::bad_page_length, at);
  const Bytes many = raw_record(rec_page_data, raw(PageDataHeader{400, 0}) + raw(u64{0}));
  refused(with_record(s, rec_page_data, many), Fault::bad_page_length, at);
}

TEST_CASE("x86 PV's own") {
  const Bytes s = pv_stream();
  const size_t info = body_of(s, rec_x86_pv_info), p2m = body_of(s, rec_x86_pv_p2m_frames);
  refused_value(s, info, PvInfo{4, 4, 0, 0}, Fault::bad_pv_info);
  refused_value(s, info, PvInfo{8, 3, 0, 0}, Fault::bad_pv_info);
  refused_value(s, info, PvInfo{8, 4, 1, 0}, Fault::reserved_not_zero);
  refused_value(s, info, PvInfo{8, 4, 0, 1}, Fault::reserved_not_zero);
  refused_value(s, p2m, P2mRange{1, 0}, Fault::bad_p2m_range);
  refused_value(s, p2m, P2mRange{0, 512}, Fault::bad_p2m_range);
  refused_value(s, p2m, P2mRange{0, ~0u}, Fault::bad_p2m_range);
  refused_value<u64>(s, p2m + 8, 16, Fault::pfn_out_of_range);
  refused(s, Fault::too_large, p2m, {15, 128});
  CHECK(read_stream(s, {16, 2}).complete);
  const size_t tsc = body_of(s, rec_x86_tsc_info);
  refused(patched<u32>(s, tsc + 20, 1), Fault::reserved_not_zero, tsc);
}

TEST_CASE("VCPUs") {
  const Bytes s = full_pv_stream(), hvm = hvm_stream();
  const size_t first = body_of(s, rec_x86_pv_vcpu_basic), extended = body_of(s, rec_x86_pv_vcpu_extended);
  refused_value<u32>(s, first, 2, Fault::bad_vcpu);
  refused_value<u32>(s, first, ~0u, Fault::bad_vcpu);
  refused_value<u32>(s, first + 4, 1, Fault::reserved_not_zero);
  refused_value<u32>(s, extended, 1, Fault::vcpu_without_context);
  const Bytes twice =
      raw_record(rec_x86_pv_vcpu_basic, raw(VcpuHeader{0, 0}) + Bytes(x86_context_bytes, 'v'));
  refused(with_before(s, rec_x86_pv_vcpu_extended, twice), Fault::duplicate_vcpu, extended);
  refused(pv_stream(), Fault::bad_vcpu, pieces_of(pv_stream())[9].at + 8, {16, 1});
  refused(hvm, Fault::too_large, headers + 16, {32, 1});
  refused(hvm, Fault::too_large, headers + 16, {31, 2});
  CHECK(read_stream(hvm, {32, 2}).complete);
}

namespace {
void info_refused(u32 model, void (*change)(DomainInfo&), Fault fault, const Bytes& in) {
  DomainInfo i = an_info(model);
  change(i);
  const size_t at = headers + sizeof(RecordHeader) + (in == ia64_stream() ? 0 : sizeof(ContextHeader));
  refused_value(in, at, i, fault);
}
void state_refused(void (*change)(DomainState&), Fault fault) {
  DomainState s = a_state();
  change(s);
  refused_value(ia64_stream(), body_of(ia64_stream(), rec_xs_state), s, fault);
}
}  // namespace

TEST_CASE("the domain's size and model") {
  const Bytes hvm = hvm_stream(), ia64 = ia64_stream();
  const auto nothing = [](DomainInfo&) {};
  info_refused(XS_MODEL_DIRECT, nothing, Fault::bad_model, hvm);
  info_refused(XS_MODEL_IDENTITY, nothing, Fault::bad_model, hvm);
  info_refused(XS_MODEL_EXPOSED + 1, nothing, Fault::bad_model, hvm);
  info_refused(33, nothing, Fault::bad_model, hvm);
  info_refused(XS_MODEL_DIRECT, nothing, Fault::bad_model, ia64);
  info_refused(XS_MODEL_NESTED, nothing, Fault::bad_model, ia64);
  info_refused(
      1, [](DomainInfo& i) { i.vcpus = 0; }, Fault::bad_info, hvm);
  info_refused(
      1, [](DomainInfo& i) { i.pages_most = 0; }, Fault::bad_info, hvm);
  info_refused(
      1, [](DomainInfo& i) { i.pages_most = ~0ull; }, Fault::bad_info, hvm);
  info_refused(
      1, [](DomainInfo& i) { i.gfn_end = 0; }, Fault::bad_info, ia64);
  info_refused(
      1, [](DomainInfo& i) { i.vcpus = vcpu_most + 1; }, Fault::too_large, hvm);
  info_refused(
      1, [](DomainInfo& i) { i.gfn_end = gfn_end_most + 1; }, Fault::too_large, ia64);
  info_refused(
      1, [](DomainInfo& i) { i.reserved[1] = 1; }, Fault::reserved_not_zero, ia64);
}

TEST_CASE("the domain's state") {
  state_refused([](DomainState& s) { s.store_gfn = gfn_end_most; }, Fault::bad_state);
  state_refused([](DomainState& s) { s.console_gfn = no_gfn - 1; }, Fault::bad_state);
  state_refused([](DomainState& s) { s.shared_info_gfn = 1ull << 63; }, Fault::bad_state);
  state_refused([](DomainState& s) { s.store_port = port_end; }, Fault::bad_state);
  state_refused([](DomainState& s) { s.console_port = ~0u; }, Fault::bad_state);
  state_refused([](DomainState& s) { s.p2m_form = 8; }, Fault::bad_state);
  state_refused([](DomainState& s) { s.p2m_gfns = ~0ull; }, Fault::bad_state);
  state_refused([](DomainState& s) { s.p2m_place = ~0ull; }, Fault::bad_state);
  state_refused([](DomainState& s) { s.zero = 1; }, Fault::reserved_not_zero);
  state_refused([](DomainState& s) { s.reserved[0] = 1; }, Fault::reserved_not_zero);
  DomainState none = a_state();
  none.shared_info_gfn = none.store_gfn = none.console_gfn = no_gfn;
  const Bytes s = ia64_stream();
  CHECK(read_stream(patched(s, body_of(s, rec_xs_state), none)).complete);
}

namespace {
/// A configuration of these texts, which say so many, in a stream; and where the texts begin.
Bytes configured(u32 count, const Bytes& texts, u32 zero = 0) {
  const Bytes body = raw(ConfigurationHeader{count, zero}) + texts;
  return with_before(ia64_stream(), rec_static_data_end, raw_record(rec_xs_configuration, body));
}
}  // namespace

TEST_CASE("settings and parameters") {
  const size_t at = offset_of(ia64_stream(), rec_static_data_end) + sizeof(RecordHeader), texts = at + 8;
  using namespace std::string_literals;
  CHECK(read_stream(configured(2, "a=1\0b=\0"s)).complete);
  CHECK(read_stream(configured(0, "")).complete);
  CHECK(read_stream(configured(1, "a=" + Bytes(setting_most - 3, 'x') + '\0')).complete);
  refused(configured(1, "a=" + Bytes(setting_most - 2, 'x') + '\0'), Fault::bad_setting, texts);
  refused(configured(1, "a=1"), Fault::bad_setting, texts);
  refused(configured(1, "=1\0"s), Fault::bad_setting, texts);
  refused(configured(1, "a1\0"s), Fault::bad_setting, texts);
  refused(configured(1, "\0"s), Fault::bad_setting, texts);
  refused(configured(1, "a=\n\0"s), Fault::bad_setting, texts);
  refused(configured(1, "a=\x7f\0"s), Fault::bad_setting, texts);
  refused(configured(2, "a=1\0"s), Fault::bad_setting, texts + 4);
  refused(configured(1, "a=1\0b=2\0"s), Fault::bad_length, texts + 4);
  refused(configured(settings_most + 1, "a=1\0"s), Fault::bad_count, at);
  refused(configured(0, "", 1), Fault::reserved_not_zero, at + 4);
  refused(configured(1, Bytes(configuration_most, 'x')), Fault::bad_length, at - 8);
  const Bytes hvm = full_hvm_stream();
  const size_t params = body_of(hvm, rec_hvm_params);
  refused_value<u32>(hvm, params, 2, Fault::bad_count);
  refused_value<u32>(hvm, params, ~0u, Fault::bad_count);
  refused(patched<u32>(hvm, params + 4, 1), Fault::reserved_not_zero, params + 4);
}

TEST_CASE("a source that fails, and what the receiver is told") {
  const Bytes s = pv_stream();
  for (const size_t at : {size_t{0}, size_t{30}, headers + 3, s.size() - 1}) {
    MemorySource source(s, ~size_t{0}, at);
    const Reading r = read_stream(source);
    CHECK(r.failure.fault == Fault::source_failed);
    CHECK(r.failure.code == -5);
    CHECK(r.failure.offset == at);
  }
  proven.insert(Fault::source_failed);
  struct Liar : Source {
    s64 read(void*, size_t most) override { return static_cast<s64>(most) + 1; }
  } liar;
  CHECK(read_stream(liar).failure.fault == Fault::source_failed);
  CHECK(read_stream(Bytes("Xen saved domain, xl format\n \0 \r", 32)).line() ==
        "image header at byte 0: this is no migration stream: the marker is missing");
  CHECK(read_stream(patched<u16>(s, 28, 14)).line() == "domain header at byte 28: pages are not of 4 KiB");
  CHECK(read_stream(patched<u64>(s, body_of(s, rec_page_data) + 16, 99)).line() ==
        "record 3 (PAGE_DATA) at byte 112: a page lies beyond the domain's memory");
  CHECK(read_stream(with_before(s, rec_end, raw_record(0x13, "")))
            .line()
            .find("record 10 (unknown) at byte ") == 0);
  const Reading cut = read_stream(s.substr(0, s.size() - 8));
  CHECK(cut.line() ==
        "record 10 at byte " + std::to_string(s.size() - 8) + ": the stream ends in the middle");
  proven.insert(Fault::truncated);
}

TEST_CASE("the cases above have met every fault of a stream") {
  for (u32 f = 1; f < u32(Fault::sink_failed); f++) {
    INFO(sentence(Fault(f)));
    CHECK(proven.count(Fault(f)) == 1);
  }
}
