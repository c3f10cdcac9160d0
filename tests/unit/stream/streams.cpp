#include "tests/unit/stream/streams.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "hypervisor/abi/observe.h"
#include "hypervisor/abi/pmt.h"

using namespace stream;

namespace stream_test {

s64 MemorySource::read(void* to, size_t most) {
  if (at >= fails_at) return -5;
  const size_t n = std::min({most, piece, bytes.size() - at, fails_at - at});
  std::memcpy(to, bytes.data() + at, n);
  at += n;
  return static_cast<s64>(n);
}

std::vector<u8> page_of(u64 pfn, u8 salt) {
  std::vector<u8> page(page_bytes);
  for (size_t i = 0; i < page.size(); i++) page[i] = static_cast<u8>(pfn * 31 + i * 7 + salt);
  return page;
}

DomainInfo an_info(u32 model, u32 vcpus) {
  DomainInfo i{};
  i.model = model;
  i.vcpus = vcpus;
  i.pages_most = 16;
  i.gfn_end = 32;
  for (u8 n = 0; n < 16; n++) i.handle[n] = static_cast<u8>(n * 17);
  return i;
}

DomainState a_state() {
  DomainState s{};
  s.shared_info_gfn = 17;
  s.store_gfn = 13;
  s.console_gfn = 12;
  s.store_port = 1;
  s.console_port = 2;
  s.p2m_place = 18;
  s.p2m_gfns = 16;
  s.p2m_form = XS_PMT_TREE | XS_PMT_PLAIN;
  return s;
}

namespace {

const char* const settings[] = {"name=web", "vcpus=2", "memory=16", "extra=root=/dev/xvda quiet",
                                "device/vif/0/mac="};

void send_round(Writer& w, const std::vector<u64>& entries, u8 salt) {
  w.pages(entries.data(), static_cast<u32>(entries.size()));
  for (const u64 e : entries)
    if (has_contents(entry_type(e))) w.page(page_of(entry_pfn(e), salt).data());
}

void send_memory(Writer& w, bool typed) {
  const auto pinned = [](PageType t) { return static_cast<PageType>(static_cast<u8>(t) | 8); };
  std::vector<u64> first;
  for (u64 pfn = 0; pfn < 4; pfn++) first.push_back(page_entry(pfn, PageType::normal));
  if (typed) {
    first.push_back(page_entry(4, PageType::l1));
    first.push_back(page_entry(5, PageType::l2));
    first.push_back(page_entry(6, PageType::l3));
    first.push_back(page_entry(7, pinned(PageType::l4)));
    first.push_back(page_entry(8, pinned(PageType::l1)));
  }
  first.push_back(page_entry(14, PageType::absent));
  first.push_back(page_entry(15, PageType::allocate_only));
  send_round(w, first, 0);
  send_round(w, {page_entry(2, PageType::normal)}, 1);
  send_round(w, {page_entry(11, PageType::broken), page_entry(1, PageType::absent)}, 1);
}

void send_vcpu(Writer& w, u32 id, DomainType type, bool full) {
  const u32 context = type == DomainType::ia64 ? ia64_context_bytes : x86_context_bytes;
  const std::vector<u8> bytes(context, static_cast<u8>(0x40 + id));
  w.vcpu(id, bytes.data(), context);
  if (!full) return;
  w.vcpu_extended(id, bytes.data(), 128);
  if (type != DomainType::x86_pv) return;
  w.vcpu_xsave(id, bytes.data(), 592);
  w.vcpu_msrs(id, bytes.data(), 3 * msr_bytes);
}

void send_context(Writer& w, DomainType type, bool full) {
  const auto shared = page_of(99);
  if (type != DomainType::ia64) w.tsc({1, 2000000, 123456789, 0, 0});
  const HvmParam params[] = {{1, 13}, {2, 1}, {17, 12}};
  if (full && type == DomainType::x86_hvm) w.hvm_params(params, 3);
  w.shared_info(shared.data());
  if (full || type != DomainType::x86_pv) w.state(a_state());
  for (u32 id = 0; id < 2; id++) send_vcpu(w, id, type, full);
  w.end();
}

Bytes make(DomainType type, u32 model, bool full) {
  MemorySink sink;
  Writer w(sink, type);
  w.open(4, 17);
  const bool is_pv = type == DomainType::x86_pv;
  if (full || !is_pv) w.info(an_info(model));
  if (full) w.configuration(settings, std::size(settings));
  if (is_pv) w.pv_info();
  const std::vector<u8> leaves(2 * cpuid_bytes, 3), msrs(msr_bytes, 4);
  if (full && type != DomainType::ia64) {
    w.cpuid_policy(leaves.data(), 2);
    w.msr_policy(msrs.data(), 1);
  }
  w.static_data_end();
  const u64 frame = 9;
  if (is_pv) w.p2m_frames({0, 15}, &frame);
  send_memory(w, is_pv);
  if (full) {
    w.verify();
    send_round(w, {page_entry(0, PageType::normal)}, 0);
  }
  send_context(w, type, full);
  char why[200];
  describe(w.failure(), why, sizeof why);
  if (w.failed()) throw std::logic_error(why);
  if (w.totals().all_bytes() != sink.bytes.size()) throw std::logic_error("bytes miscounted");
  return sink.bytes;
}
}  // namespace

Bytes pv_stream() { return make(DomainType::x86_pv, XS_MODEL_DIRECT, false); }
Bytes hvm_stream() { return make(DomainType::x86_hvm, XS_MODEL_TRANSLATED, false); }
Bytes ia64_stream() { return make(DomainType::ia64, XS_MODEL_TRANSLATED, false); }
Bytes full_pv_stream() { return make(DomainType::x86_pv, XS_MODEL_DIRECT, true); }
Bytes full_hvm_stream() { return make(DomainType::x86_hvm, XS_MODEL_DOM0_PMT, true); }
Bytes full_ia64_stream() { return make(DomainType::ia64, XS_MODEL_EXPOSED, true); }
std::vector<Bytes> all_streams() {
  return {pv_stream(), hvm_stream(), ia64_stream(), full_pv_stream(), full_hvm_stream(), full_ia64_stream()};
}

std::vector<Piece> pieces_of(const Bytes& s) {
  std::vector<Piece> out;
  for (size_t at = headers; at + sizeof(RecordHeader) <= s.size();) {
    RecordHeader h;
    std::memcpy(&h, s.data() + at, sizeof h);
    const size_t size = sizeof h + h.length + padding_of(h.length);
    out.push_back({at, size, h.type});
    at += size;
  }
  return out;
}

Bytes raw_record(u32 type, const Bytes& body) {
  const RecordHeader h{type, static_cast<u32>(body.size())};
  return raw(h) + body + Bytes(padding_of(h.length), '\0');
}

namespace {
Piece first_of(const Bytes& s, u32 type) {
  for (const Piece& p : pieces_of(s))
    if (p.type == type) return p;
  throw std::logic_error("no record of this type");
}
}  // namespace

size_t offset_of(const Bytes& s, u32 type) { return first_of(s, type).at; }
Bytes with_record(const Bytes& s, u32 type, const Bytes& record) {
  const Piece p = first_of(s, type);
  return s.substr(0, p.at) + record + s.substr(p.at + p.size);
}
Bytes with_before(const Bytes& s, u32 type, const Bytes& record) {
  const size_t at = first_of(s, type).at;
  return s.substr(0, at) + record + s.substr(at);
}
Bytes without(const Bytes& s, u32 type) { return with_record(s, type, ""); }

namespace {
void tell(std::string& told, const char* what, const void* bytes, size_t size) {
  u64 hash = 0xcbf29ce484222325;  // FNV-1a
  for (size_t i = 0; i < size; i++) hash = (hash ^ static_cast<const u8*>(bytes)[i]) * 0x100000001b3;
  told += std::string(" ") + what + ":" + std::to_string(size) + ":" + std::to_string(hash);
}

void take_pages(Reader& r, const Record& record, std::string& told) {
  std::vector<u8> page(page_bytes);
  for (u32 i = 0; i < record.count; i++) {
    const u64 entry = r.page(i);
    tell(told, "entry", &entry, sizeof entry);
    if (!has_contents(entry_type(entry))) continue;
    if (!r.read_page(page.data())) return;
    tell(told, "page", page.data(), page.size());
  }
}

void take_body(Reader& r, const Record& record, std::string& told) {
  u64 frame;
  HvmParam param;
  Setting setting;
  switch (record.content) {
    case Content::pages:
      return take_pages(r, record, told);
    case Content::p2m_frames:
      while (r.next_frame(frame)) tell(told, "frame", &frame, sizeof frame);
      return;
    case Content::hvm_params:
      while (r.next_param(param)) tell(told, "param", &param, sizeof param);
      return;
    case Content::configuration:
      while (r.next_setting(setting)) told += std::string(" ") + setting.key + "=" + setting.value;
      return;
    default:
      break;
  }
  std::vector<u8> rest(r.bytes_left());
  if (!rest.empty() && r.read(rest.data(), r.bytes_left())) tell(told, "body", rest.data(), rest.size());
}

void tell_head(const Record& r, std::string& told) {
  told += std::string("\n") + content_name(r.content);
  if (r.content == Content::info) tell(told, "info", &r.info, sizeof r.info);
  if (r.content == Content::state) tell(told, "state", &r.state, sizeof r.state);
  if (r.content == Content::pv_info) tell(told, "pv", &r.pv, sizeof r.pv);
  if (r.content == Content::p2m_frames) tell(told, "p2m", &r.p2m, sizeof r.p2m);
  if (r.content == Content::tsc) tell(told, "tsc", &r.tsc, sizeof r.tsc);
  if (r.content >= Content::vcpu && r.content <= Content::vcpu_msrs) told += " " + std::to_string(r.vcpu);
}
}  // namespace

std::string Reading::line() const {
  char text[200];
  describe(failure, text, sizeof text);
  return text;
}

Reading read_stream(Source& source, const Limits& limits, bool lazy) {
  Reading out;
  const auto reader = std::make_unique<Reader>(source, limits);
  Record record;
  if (reader->open()) {
    while (reader->next(record)) {
      out.records++;
      if (record.content == Content::skipped) out.skipped++;
      tell_head(record, out.told);
      if (!lazy) take_body(*reader, record, out.told);
    }
  }
  out.failure = reader->failure();
  out.complete = reader->complete();
  out.position = reader->position();
  return out;
}

Reading read_stream(const Bytes& bytes, const Limits& limits, bool lazy) {
  MemorySource source(bytes);
  return read_stream(source, limits, lazy);
}

}  // namespace stream_test
