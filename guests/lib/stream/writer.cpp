#include "guests/lib/stream/writer.h"

#include "guests/lib/string.h"

namespace stream {

u64 Totals::all_bytes() const {
  u64 sum = header_bytes;
  for (const u64 b : bytes) sum += b;
  return sum;
}

bool Writer::refuse(Fault fault) {
  if (failed()) return false;
  failure_ = {fault, position_, records_, type_, 0};
  if (!is_open_) failure_.record = Failure::in_image_header;
  return false;
}

bool Writer::put(const void* bytes, size_t size) {
  if (failed()) return false;
  if (!sink_->write(bytes, size)) return refuse(Fault::sink_failed);
  position_ += size;
  return true;
}

bool Writer::open(u32 xen_major, u32 xen_minor) {
  if (is_open_) return refuse(Fault::misuse);
  const ImageHeader image{
      image_marker, __builtin_bswap32(image_id), __builtin_bswap32(image_version), 0, 0, 0};
  const DomainHeader domain{progress_.type(), page_shift, 0, xen_major, xen_minor};
  if (!domain_bit(progress_.type())) return refuse(Fault::bad_domain_type);
  if (!put(&image, sizeof image) || !put(&domain, sizeof domain)) return false;
  totals_.header_bytes = position_;
  return is_open_ = true;
}

// The header of a record whose contents have `bytes` bytes, and what precedes them on x86 where they are
// ours.
bool Writer::begin(Content content, u32 bytes) {
  if (failed()) return false;
  if (!is_open_ || pages_left_) return refuse(Fault::misuse);
  const RecordRule* rule = find_rule(progress_.type(), content);
  type_ = rule ? rule->type : Failure::no_type;
  if (!rule) return refuse(Fault::other_domain_type);
  if (refused(check_length(*rule, bytes)) || refused(progress_.admit(*rule))) return false;
  content_ = content;
  record_at_ = position_;
  const ContextHeader context{context_id, context_version, rule->kind};
  const bool is_inside = rule->kind != context_none;
  length_ = bytes + (is_inside ? u32{sizeof context} : 0);
  const RecordHeader header{type_, length_};
  if (!put(&header, sizeof header)) return false;
  return !is_inside || put(&context, sizeof context);
}

bool Writer::finish() {
  const u64 zeros = 0;
  const u32 padding = padding_of(length_);
  if (padding && !put(&zeros, padding)) return false;
  totals_.records[size_t(content_)]++;
  totals_.bytes[size_t(content_)] += position_ - record_at_;
  records_++;
  return !failed();
}

bool Writer::whole(Content content, const void* body, u32 bytes) {
  return begin(content, bytes) && (!bytes || put(body, bytes)) && finish();
}

bool Writer::info(const DomainInfo& i) {
  return !refused(progress_.check(i)) && whole(Content::info, &i, sizeof i);
}

bool Writer::configuration(const char* const* settings, u32 count) {
  if (count > settings_most) return refuse(Fault::bad_count);
  const ConfigurationHeader header{count, 0};
  u64 bytes = sizeof header;
  for (u32 i = 0; i < count; i++) {
    const u64 length = strlen(settings[i]) + 1;
    if (length > setting_most || refused(check_setting(settings[i], u32(length))))
      return refuse(Fault::bad_setting);
    bytes += length;
  }
  if (!begin(Content::configuration, u32(bytes)) || !put(&header, sizeof header)) return false;
  for (u32 i = 0; i < count; i++)
    if (!put(settings[i], strlen(settings[i]) + 1)) return false;
  return finish();
}

bool Writer::pv_info() {
  const PvInfo i{8, 4, 0, 0};
  return whole(Content::pv_info, &i, sizeof i);
}

bool Writer::policy(Content content, const void* entries, u32 count, u32 entry_bytes) {
  if (!count || count > policy_most) return refuse(Fault::bad_count);
  return whole(content, entries, count * entry_bytes);
}
bool Writer::cpuid_policy(const void* leaves, u32 count) {
  return policy(Content::cpuid_policy, leaves, count, cpuid_bytes);
}
bool Writer::msr_policy(const void* entries, u32 count) {
  return policy(Content::msr_policy, entries, count, msr_bytes);
}

bool Writer::static_data_end() { return whole(Content::static_data_end, nullptr, 0); }

bool Writer::p2m_frames(const P2mRange& range, const u64* frames) {
  const u32 count = p2m_frame_count(range);
  if (refused(progress_.check(range, count))) return false;
  if (count > record_most / sizeof *frames) return refuse(Fault::bad_count);
  for (u32 i = 0; i < count; i++)
    if (refused(progress_.check_pfn(frames[i]))) return false;
  const u32 bytes = count * u32{sizeof *frames};
  return begin(Content::p2m_frames, u32{sizeof range} + bytes) && put(&range, sizeof range) &&
         put(frames, bytes) && finish();
}

bool Writer::pages(const u64* entries, u32 count) {
  if (!count || count > batch_most) return refuse(Fault::bad_count);
  u32 with_contents = 0;
  for (u32 i = 0; i < count; i++) {
    if (refused(progress_.check_entry(entries[i]))) return false;
    if (has_contents(entry_type(entries[i]))) with_contents++;
  }
  const PageDataHeader header{count, 0};
  const u32 list = count * u32{sizeof *entries};
  if (!begin(Content::pages, u32{sizeof header} + list + with_contents * page_bytes)) return false;
  if (!put(&header, sizeof header) || !put(entries, list)) return false;
  pages_left_ = with_contents;
  return pages_left_ || finish();
}

bool Writer::page(const void* contents) {
  if (failed()) return false;
  if (!pages_left_) return refuse(Fault::misuse);
  if (!put(contents, page_bytes)) return false;
  totals_.pages++;
  return --pages_left_ || finish();
}

bool Writer::verify() { return whole(Content::verify, nullptr, 0); }

bool Writer::tsc(const TscInfo& i) {
  if (i.zero) return refuse(Fault::reserved_not_zero);
  return whole(Content::tsc, &i, sizeof i);
}

bool Writer::hvm_params(const HvmParam* params, u32 count) {
  if (count > param_most) return refuse(Fault::bad_count);
  const HvmParamsHeader header{count, 0};
  const u32 bytes = count * u32{sizeof *params};
  return begin(Content::hvm_params, u32{sizeof header} + bytes) && put(&header, sizeof header) &&
         (!bytes || put(params, bytes)) && finish();
}

bool Writer::shared_info(const void* page) { return whole(Content::shared_info, page, page_bytes); }

bool Writer::state(const DomainState& s) {
  return !refused(progress_.check(s)) && whole(Content::state, &s, sizeof s);
}

bool Writer::of_vcpu(Content content, u32 id, const void* context, u32 bytes) {
  if (bytes > record_most - sizeof(VcpuHeader)) return refuse(Fault::bad_length);
  const VcpuHeader header{id, 0};
  if (refused(progress_.admit_vcpu(content, id))) return false;
  return begin(content, u32{sizeof header} + bytes) && put(&header, sizeof header) &&
         (!bytes || put(context, bytes)) && finish();
}

bool Writer::end() { return whole(Content::end, nullptr, 0); }

}  // namespace stream
