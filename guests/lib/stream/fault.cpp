#include "guests/lib/stream/fault.h"

#include "guests/lib/format.h"
#include "guests/lib/stream/records.h"

namespace stream {
namespace {
struct Text {
  Fault fault;
  const char* sentence;
};
constexpr Text texts[] = {
    {Fault::none, "nothing is wrong"},
    {Fault::source_failed, "reading failed"},
    {Fault::truncated, "the stream ends in the middle"},
    {Fault::bad_marker, "this is no migration stream: the marker is missing"},
    {Fault::bad_id, "this is no migration stream: the identifier is not XENF"},
    {Fault::bad_version, "the stream's version is not 3"},
    {Fault::big_endian, "the stream is big-endian"},
    {Fault::bad_domain_type, "the kind of domain is unknown"},
    {Fault::bad_page_shift, "pages are not of 4 KiB"},
    {Fault::reserved_not_zero, "a reserved field is not zero"},
    {Fault::record_too_long, "the record is longer than any may be"},
    {Fault::unknown_record, "the record's type is unknown, and it must not be skipped"},
    {Fault::unsupported_record, "a restore does not take records of this type"},
    {Fault::other_domain_type, "the record does not belong to this kind of domain"},
    {Fault::bad_length, "the record has not the length that its contents need"},
    {Fault::padding_not_zero, "the padding behind the record is not zero"},
    {Fault::out_of_order, "the record cannot come at this point"},
    {Fault::duplicate, "there was such a record already"},
    {Fault::pages_too_early, "pages come before the record that tells where the P2M is"},
    {Fault::incomplete, "the stream ends without a record that the domain needs"},
    {Fault::bad_count, "the number of entries is zero or too large"},
    {Fault::bad_page_type, "a page has a type that it cannot have"},
    {Fault::bad_page_length, "the record's length does not fit the pages that it lists"},
    {Fault::pfn_out_of_range, "a page lies beyond the domain's memory"},
    {Fault::bad_pv_info, "the guest is no 64-bit guest of four page-table levels"},
    {Fault::bad_p2m_range, "the P2M's range does not fit its frames or the domain's memory"},
    {Fault::bad_vcpu, "the domain has no VCPU of this number"},
    {Fault::duplicate_vcpu, "there was such a record of this VCPU already"},
    {Fault::vcpu_without_context, "the VCPU's context has not come yet"},
    {Fault::bad_context, "the contents are not this program's"},
    {Fault::bad_model, "the memory model is unknown or not for this kind of domain"},
    {Fault::bad_info, "the domain's size makes no sense"},
    {Fault::too_large, "the domain is larger than the receiver takes"},
    {Fault::bad_state, "a frame, port or table of the domain's cannot be"},
    {Fault::bad_setting, "a setting is no text key=value, or too long"},
    {Fault::sink_failed, "writing failed"},
    {Fault::misuse, "the stream was not written in its order"},
};
constexpr bool in_order() {
  for (size_t i = 0; i < count_of(texts); i++)
    if (texts[i].fault != Fault(i)) return false;
  return count_of(texts) == size_t(Fault::count);
}
static_assert(in_order(), "a sentence for each fault");
}  // namespace

const char* sentence(Fault fault) {
  return texts[size_t(fault) < count_of(texts) ? size_t(fault) : 0].sentence;
}

size_t describe(const Failure& f, char* out, size_t size) {
  const auto at = static_cast<unsigned long long>(f.offset);
  if (f.record >= Failure::in_domain_header)
    return format(out, size, "%s header at byte %llu: %s",
                  f.record == Failure::in_image_header ? "image" : "domain", at, sentence(f.fault));
  if (f.type == Failure::no_type)
    return format(out, size, "record %u at byte %llu: %s", f.record, at, sentence(f.fault));
  return format(out, size, "record %u (%s) at byte %llu: %s", f.record, type_name(f.type), at,
                sentence(f.fault));
}

}  // namespace stream
