#include "sim/cli/stream_listing.h"

#include <fmt/format.h>

#include <cstring>

#include "sim/observe/names.h"

namespace xs::cli {
namespace {

using stream::Content;
using stream::Record;

u64 bytes_of(const Record& r) {
  return sizeof(stream::RecordHeader) + u64{r.length} + stream::padding_of(r.length);
}

std::string uuid_text(const u8* handle) {
  std::string out;
  for (int i = 0; i < 16; ++i)
    out += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", handle[i]);
  return out;
}

std::string counted(u64 n, const char* what) { return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s"); }

std::string frame_text(u64 gfn) { return gfn == stream::no_gfn ? "none" : fmt::format("{:#x}", gfn); }

std::string info_text(const stream::DomainInfo& i) {
  return fmt::format("domain: model {}, {}, at most {}, page numbers below {:#x}, UUID {}",
                     observe::memory_model_name(i.model), counted(i.vcpus, "VCPU"),
                     counted(i.pages_most, "page"), i.gfn_end, uuid_text(i.handle));
}

std::string state_text(const stream::DomainState& s) {
  std::string out = fmt::format("state: shared_info {}, xenstore {} port {}, console {} port {}",
                                frame_text(s.shared_info_gfn), frame_text(s.store_gfn), s.store_port,
                                frame_text(s.console_gfn), s.console_port);
  if (s.p2m_gfns)
    out += fmt::format(", reads its P2M at {:#x} for {}", s.p2m_place, counted(s.p2m_gfns, "page"));
  return out;
}

/// "9 normal, 2 L1, 1 L4 pinned, 3 absent"
std::string pages_text(const std::array<u64, 16>& pages) {
  static const char* const names[] = {"normal",    "L1",        "L2",        "L3",     "L4",
                                      "",          "",          "",          "",       "L1 pinned",
                                      "L2 pinned", "L3 pinned", "L4 pinned", "broken", "allocate only",
                                      "absent"};
  std::string out;
  for (std::size_t i = 0; i < pages.size(); ++i)
    if (pages[i]) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", pages[i], names[i]);
  return out;
}
}  // namespace

void StreamListing::row(const std::string& number, u64 offset, u64 bytes, const char* type,
                        const std::string& text) {
  out_ += fmt::format("{:>11} {:>12} {:>10}  {:<20} {}\n", number, offset, bytes, type, text);
}

std::string StreamListing::settings() {
  std::string lines;
  unsigned count = 0;
  for (stream::Setting s; reader_.next_setting(s); ++count)
    lines += fmt::format("\n{:>59}{} = {}", "", s.key, s.value);
  return fmt::format("configuration: {}", counted(count, "setting")) + lines;
}

std::string StreamListing::what(const Record& r) {
  switch (r.content) {
    case Content::info:
      return info_text(r.info);
    case Content::state:
      return state_text(r.state);
    case Content::configuration:
      return settings();
    case Content::pv_info:
      return fmt::format("{} bits, {} levels of page tables", r.pv.width * 8, r.pv.levels);
    case Content::p2m_frames:
      return fmt::format("P2M of pages {:#x} to {:#x} in {}", r.p2m.first, r.p2m.last,
                         counted(p2m_frame_count(r.p2m), "frame"));
    case Content::tsc:
      return fmt::format("mode {}, {} kHz, {} ns", r.tsc.mode, r.tsc.khz, r.tsc.ns);
    case Content::hvm_params:
      return fmt::format("{}", counted(r.count, "parameter"));
    case Content::vcpu:
    case Content::vcpu_extended:
    case Content::vcpu_xsave:
    case Content::vcpu_msrs:
      return fmt::format("VCPU {}: {}, {}", r.vcpu, content_name(r.content) + std::strlen("VCPU "),
                         counted(reader_.bytes_left(), "byte"));
    default:
      return content_name(r.content);
  }
}

void StreamListing::take_pages(const Record& r) {
  if (!batches_.count++) batches_.first = r.number, batches_.offset = r.offset;
  batches_.last = r.number;
  batches_.bytes += bytes_of(r);
  for (u32 i = 0; i < r.count; ++i) {
    const auto type = static_cast<std::size_t>(stream::entry_type(reader_.page(i)));
    ++batches_.pages[type];
    ++pages_[type];
  }
  if (every_batch_) end_batches();
}

void StreamListing::end_batches() {
  if (!batches_.count) return;
  const bool several = batches_.count > 1;
  row(several ? fmt::format("{}-{}", batches_.first, batches_.last) : fmt::format("{}", batches_.first),
      batches_.offset, batches_.bytes, "PAGE_DATA",
      (several ? fmt::format("{} batches: ", batches_.count) : "") + pages_text(batches_.pages));
  batches_ = {};
}

void StreamListing::take(const Record& r) {
  Total& total = totals_[static_cast<std::size_t>(r.content)];
  ++total.records;
  total.bytes += bytes_of(r);
  types_[static_cast<std::size_t>(r.content)] = stream::type_name(r.type);
  if (r.content == Content::pages) return take_pages(r);
  end_batches();
  row(fmt::format("{}", r.number), r.offset, bytes_of(r), stream::type_name(r.type), what(r));
}

void StreamListing::totals() {
  out_ += fmt::format("\n{:>11} {:>12}\n", "records", "bytes");
  u64 records = 0;
  for (std::size_t i = 0; i < totals_.size(); ++i) {
    if (!totals_[i].records) continue;
    records += totals_[i].records;
    out_ +=
        fmt::format("{:>11} {:>12}  {:<20} {}\n", totals_[i].records, totals_[i].bytes, types_[i],
                    i == static_cast<std::size_t>(Content::pages) ? pages_text(pages_)
                                                                  : content_name(static_cast<Content>(i)));
  }
  out_ += fmt::format("{:>11} {:>12}  all, with headers\n", records, reader_.position());
}

std::string StreamListing::list() {
  if (!reader_.open()) return out_;
  const stream::DomainHeader& d = reader_.domain();
  out_ += fmt::format("libxc migration stream, version {}: {}, {} {}.{}\n\n", stream::image_version,
                      stream::domain_type_name(d.type), d.xen_major ? "Xen" : "converted by", d.xen_major,
                      d.xen_minor);
  out_ += fmt::format("{:>11} {:>12} {:>10}  {:<20} {}\n", "record", "at byte", "bytes", "type", "what");
  for (Record r; reader_.next(r);) take(r);
  end_batches();
  totals();
  return out_;
}

}  // namespace xs::cli
