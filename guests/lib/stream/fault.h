// Why a stream was refused, or could not be written: one of these, and where.
#pragma once
#include "guests/lib/types.h"

namespace stream {

enum class Fault : u8 {
  none,
  source_failed,
  truncated,
  bad_marker,
  bad_id,
  bad_version,
  big_endian,
  bad_domain_type,
  bad_page_shift,
  reserved_not_zero,
  record_too_long,
  unknown_record,
  unsupported_record,
  other_domain_type,
  bad_length,
  padding_not_zero,
  out_of_order,
  duplicate,
  pages_too_early,
  incomplete,
  bad_count,
  bad_page_type,
  bad_page_length,
  pfn_out_of_range,
  bad_pv_info,
  bad_p2m_range,
  bad_vcpu,
  duplicate_vcpu,
  vcpu_without_context,
  bad_context,
  bad_model,
  bad_info,
  too_large,
  bad_state,
  bad_setting,
  // The caller's, not the stream's.
  sink_failed,
  misuse,
  count
};

// A sentence without capital and full stop.
const char* sentence(Fault fault);

struct Failure {
  static constexpr u32 in_image_header = ~0u, in_domain_header = ~0u - 1, no_type = ~0u;
  Fault fault = Fault::none;
  u64 offset = 0;  // byte of the stream: of what is wrong, or of the record that it is in
  u32 record = 0;  // number of the record, the first is 0; or in which header
  u32 type = 0;    // that record's; no_type: not known yet
  s64 code = 0;    // source_failed: what the source answered
};

// "record 17 (PAGE_DATA) at byte 4711: a page lies beyond the domain's memory". Returns the length it would
// have.
size_t describe(const Failure& failure, char* out, size_t size);

}  // namespace stream
