#include "guests/lib/stream/reader.h"

namespace stream {

bool Reader::refuse(Fault fault, u64 offset) {
  if (failed()) return false;
  failure_ = {fault, offset, records_, type_, 0};
  if (!is_open_)
    failure_.record = offset < sizeof(ImageHeader) ? Failure::in_image_header : Failure::in_domain_header;
  return false;
}

bool Reader::take(void* to, size_t bytes) {
  if (failed()) return false;
  for (u8* at = static_cast<u8*>(to); bytes;) {
    const s64 got = source_->read(at, bytes);
    if (got == 0) return refuse(Fault::truncated, position_);
    if (got < 0 || u64(got) > bytes) {
      refuse(Fault::source_failed, position_);
      failure_.code = got;
      return false;
    }
    position_ += u64(got);
    at += got;
    bytes -= u64(got);
  }
  return true;
}

bool Reader::take_body(void* to, u32 bytes) {
  if (bytes > left_) return refuse(Fault::bad_length, record_at_);
  if (!take(to, bytes)) return false;
  left_ -= bytes;
  return true;
}

bool Reader::check_headers(const ImageHeader& image) {
  constexpr u64 options_at = 16, domain_at = sizeof(ImageHeader);
  const u16 options = __builtin_bswap16(image.options);
  if (image.marker != image_marker) return refuse(Fault::bad_marker, 0);
  if (image.id != __builtin_bswap32(image_id)) return refuse(Fault::bad_id, 8);
  if (image.version != __builtin_bswap32(image_version)) return refuse(Fault::bad_version, 12);
  if (options & image_big_endian) return refuse(Fault::big_endian, options_at);
  if (options || image.zero16 || image.zero32) return refuse(Fault::reserved_not_zero, options_at);
  if (!take(&domain_, sizeof domain_)) return false;
  if (!domain_bit(domain_.type)) return refuse(Fault::bad_domain_type, domain_at);
  if (domain_.page_shift != page_shift) return refuse(Fault::bad_page_shift, domain_at + 4);
  return !domain_.zero || refuse(Fault::reserved_not_zero, domain_at + 6);
}

bool Reader::open() {
  ImageHeader image;
  if (is_open_ || !take(&image, sizeof image) || !check_headers(image)) return false;
  progress_ = Progress(domain_.type);
  progress_.set_limits(limits_.pfn_end, limits_.vcpus);
  return is_open_ = true;
}

bool Reader::pass_padding() {
  u64 zeros = 0;
  const u64 at = position_;
  if (!take(&zeros, padding_of(length_))) return false;
  is_inside_ = false;
  records_++;
  return !zeros || refuse(Fault::padding_not_zero, at);
}

// What the caller has left of the record is looked at all the same.
bool Reader::pass_over() {
  u64 frame;
  HvmParam param;
  Setting setting;
  while (content_ == Content::p2m_frames && next_frame(frame)) {
  }
  while (content_ == Content::hvm_params && next_param(param)) {
  }
  while (content_ == Content::configuration && next_setting(setting)) {
  }
  while (left_ && !failed()) take_body(text_, min_of<u32>(left_, sizeof text_));
  return !failed() && pass_padding();
}

// Null when the stream is refused. `left_` is then what the contents have.
const RecordRule* Reader::rule_of(Record& r) {
  ContextHeader context{context_id, context_version, context_none};
  if (r.type == rec_hvm_context) {
    if (!take_body(&context, sizeof context)) return nullptr;
    if (context.id != context_id || context.version != context_version || context.kind == context_none) {
      refuse(Fault::bad_context, r.offset + sizeof(RecordHeader));
      return nullptr;
    }
  }
  Fault why = Fault::none;
  const RecordRule* rule = find_rule(domain_.type, r.type, ContextKind(context.kind), why);
  if (!rule) refuse(why, r.offset);
  return rule;
}

bool Reader::next(Record& r) {
  if (failed() || !is_open_) return false;
  if (is_inside_ && !pass_over()) return false;
  if (progress_.ended()) return false;
  RecordHeader header;
  record_at_ = position_;
  type_ = Failure::no_type;
  if (!take(&header, sizeof header)) return false;
  r = {.content = Content::skipped,
       .type = header.type,
       .length = header.length,
       .number = records_,
       .offset = record_at_,
       .count = 0};
  type_ = header.type;
  length_ = left_ = header.length;
  if (header.length > record_most) return refuse(Fault::record_too_long, record_at_ + sizeof header.type);
  const RecordRule* rule = rule_of(r);
  if (!rule || refused(check_length(*rule, left_), record_at_) || refused(progress_.admit(*rule), record_at_))
    return false;
  content_ = r.content = rule->content;
  is_inside_ = true;
  return begin_body(r) && (content_ != Content::end || pass_over());
}

}  // namespace stream
