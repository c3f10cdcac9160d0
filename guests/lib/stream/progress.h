// How far a stream has come, and what may come next: the same for who writes and for who reads.
#pragma once
#include "guests/lib/stream/records.h"

namespace stream {

class Progress {
 public:
  explicit Progress(DomainType type = DomainType::x86_pv) : type_(type) {}
  DomainType type() const { return type_; }
  Part part() const { return part_; }
  bool ended() const { return part_ == Part::ended; }
  bool has(Content content) const { return seen_ & content_bit(content); }

  // Whether this record may come now; if so, it has.
  Fault admit(const RecordRule& rule);
  // The same for a record of one VCPU, besides.
  Fault admit_vcpu(Content content, u32 id);

  // What the domain's size is, once the stream has said so; until then what the receiver takes.
  u64 pfn_end() const { return pfn_end_; }
  u32 vcpu_end() const { return vcpu_end_; }
  void set_limits(u64 pfn_end, u32 vcpu_end);  // by whom the stream is for: nothing may go beyond

  // Values, each of one record. PAGE_DATA's entries one by one.
  Fault check(const PvInfo& info) const;
  Fault check(const DomainInfo& info);
  Fault check(const P2mRange& range, u64 frames);
  Fault check(const DomainState& state) const;
  Fault check_entry(u64 entry) const;
  Fault check_pfn(u64 pfn) const { return pfn < pfn_end_ ? Fault::none : Fault::pfn_out_of_range; }

 private:
  Fault missing() const;

  static constexpr u32 vcpu_contents = 4;  // of Content::vcpu and what follows it
  DomainType type_;
  Part part_ = Part::static_data;
  u32 seen_ = 0;
  u32 vcpu_end_ = vcpu_most;
  u64 pfn_end_ = gfn_end_most;
  u64 vcpus_[vcpu_contents][vcpu_most / 64] = {};
};

// "key=value": a key of at least one character, no other control character than a tab; `bytes` with the zero
// at its end.
Fault check_setting(const char* text, u32 bytes);

}  // namespace stream
