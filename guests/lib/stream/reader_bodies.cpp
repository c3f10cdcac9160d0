// What stands at the beginning of records' bodies, and what the caller takes of the rest.
#include "guests/lib/stream/reader.h"

namespace stream {

template <typename T>
bool Reader::checked(T& value) {
  const u64 at = position_;
  return take_body(&value, sizeof value) && !refused(progress_.check(value), at);
}

bool Reader::begin_body(Record& r) {
  const u64 at = position_;
  switch (content_) {
    case Content::info:
      return checked(r.info);
    case Content::state:
      return checked(r.state);
    case Content::pv_info:
      return checked(r.pv);
    case Content::tsc:
      return take_body(&r.tsc, sizeof r.tsc) && (!r.tsc.zero || refuse(Fault::reserved_not_zero, at));
    case Content::p2m_frames:
      if (!take_body(&r.p2m, sizeof r.p2m)) return false;
      return !refused(progress_.check(r.p2m, left_ / sizeof(u64)), at);
    case Content::pages:
      return begin_pages(r);
    case Content::hvm_params:
    case Content::configuration:
      return begin_counted(r);
    case Content::vcpu:
    case Content::vcpu_extended:
    case Content::vcpu_xsave:
    case Content::vcpu_msrs:
      return begin_vcpu(r);
    default:
      return true;
  }
}

bool Reader::begin_pages(Record& r) {
  PageDataHeader header;
  const u64 at = position_;
  if (!take_body(&header, sizeof header)) return false;
  if (header.zero) return refuse(Fault::reserved_not_zero, at + sizeof header.count);
  if (!header.count || header.count > batch_most) return refuse(Fault::bad_count, at);
  const u64 entries_at = position_;
  if (header.count > left_ / sizeof(u64)) return refuse(Fault::bad_page_length, at);
  if (!take_body(words_, header.count * u32{sizeof(u64)})) return false;
  items_left_ = 0;
  for (u32 i = 0; i < header.count; i++) {
    if (refused(progress_.check_entry(words_[i]), entries_at + i * sizeof(u64))) return false;
    if (has_contents(entry_type(words_[i]))) items_left_++;
  }
  r.count = header.count;
  return left_ == items_left_ * page_bytes || refuse(Fault::bad_page_length, at);
}

// A count, a zero, and as many entries: parameters, whose size is known, or texts, which say so themselves.
bool Reader::begin_counted(Record& r) {
  static_assert(sizeof(HvmParamsHeader) == sizeof(ConfigurationHeader));
  HvmParamsHeader header;
  const u64 at = position_;
  if (!take_body(&header, sizeof header)) return false;
  if (header.zero) return refuse(Fault::reserved_not_zero, at + sizeof header.count);
  items_left_ = r.count = header.count;
  if (content_ == Content::hvm_params)
    return header.count == left_ / sizeof(HvmParam) || refuse(Fault::bad_count, at);
  return header.count <= settings_most || refuse(Fault::bad_count, at);
}

bool Reader::begin_vcpu(Record& r) {
  VcpuHeader header;
  const u64 at = position_;
  if (!take_body(&header, sizeof header)) return false;
  r.vcpu = header.id;
  if (header.zero) return refuse(Fault::reserved_not_zero, at + sizeof header.id);
  return !refused(progress_.admit_vcpu(content_, header.id), at);
}

bool Reader::read_page(void* contents) {
  if (content_ != Content::pages || !items_left_ || !take_body(contents, page_bytes)) return false;
  items_left_--;
  return true;
}

bool Reader::next_frame(u64& pfn) {
  const u64 at = position_;
  if (content_ != Content::p2m_frames || !left_ || !take_body(&pfn, sizeof pfn)) return false;
  return !refused(progress_.check_pfn(pfn), at);
}

bool Reader::next_param(HvmParam& param) {
  if (content_ != Content::hvm_params || !items_left_ || !take_body(&param, sizeof param)) return false;
  items_left_--;
  return true;
}

bool Reader::next_setting(Setting& s) {
  if (content_ != Content::configuration || failed()) return false;
  const u64 at = position_;
  if (!items_left_) return !left_ ? false : refuse(Fault::bad_length, at);
  u32 bytes = 0;
  do {
    if (bytes == setting_most || !left_) return refuse(Fault::bad_setting, at);
    if (!take_body(text_ + bytes, 1)) return false;
  } while (text_[bytes++]);
  if (refused(check_setting(text_, bytes), at)) return false;
  items_left_--;
  char* value = text_;
  while (*value != '=') value++;
  *value++ = 0;
  s = {text_, value};
  return true;
}

bool Reader::read(void* to, u32 bytes) {
  switch (content_) {
    case Content::pages:
    case Content::p2m_frames:
    case Content::hvm_params:
    case Content::configuration:
      return false;  // they have functions that check
    default:
      return bytes <= left_ && take_body(to, bytes);
  }
}

}  // namespace stream
