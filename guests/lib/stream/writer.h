// Writes a stream, record by record, in the order of docs/stream.md; what a reader would refuse is not
// written. Each function answers whether all went well so far; after the first that did not, none does
// anything.
#pragma once
#include "guests/lib/stream/progress.h"

namespace stream {

// Where the bytes go, in the pieces in which they come: often 8 bytes. It may gather them.
struct Sink {
  virtual bool write(const void*, size_t) { return false; }  // not pure: a kernel has no __cxa_pure_virtual

 protected:
  ~Sink() = default;
};

// What was written, with headers and padding.
struct Totals {
  u64 records[size_t(Content::count)] = {};
  u64 bytes[size_t(Content::count)] = {};
  u64 header_bytes = 0;  // of image and domain
  u64 pages = 0;         // with contents, each time that one was sent
  u64 all_bytes() const;
};

class Writer {
 public:
  Writer(Sink& sink, DomainType type) : sink_(&sink), progress_(type) {}

  bool open(u32 xen_major, u32 xen_minor);
  // Static data. x86 PV needs pv_info, the others info; each may have it, and a configuration.
  bool info(const DomainInfo& info);
  bool configuration(const char* const* settings, u32 count);
  bool pv_info();  // 64 bits, four levels
  bool cpuid_policy(const void* leaves, u32 count);
  bool msr_policy(const void* entries, u32 count);
  bool static_data_end();

  // Memory. x86 PV: first where the P2M is, frames[p2m_frame_count(range)].
  bool p2m_frames(const P2mRange& range, const u64* frames);
  // A batch, at most batch_most entries (page_entry()), and then page() once for each that has contents, in
  // their order: nothing else may come in between. Rounds of a live migration are batches that name pages
  // again.
  bool pages(const u64* entries, u32 count);
  bool page(const void* contents);
  bool verify();  // batches that follow are for comparison

  // What else there is of the domain, once it stands still.
  bool tsc(const TscInfo& info);
  bool hvm_params(const HvmParam* params, u32 count);
  bool shared_info(const void* page);
  bool state(const DomainState& state);
  bool vcpu(u32 id, const void* context, u32 bytes) { return of_vcpu(Content::vcpu, id, context, bytes); }
  bool vcpu_extended(u32 id, const void* of, u32 bytes) {
    return of_vcpu(Content::vcpu_extended, id, of, bytes);
  }
  bool vcpu_xsave(u32 id, const void* of, u32 bytes) { return of_vcpu(Content::vcpu_xsave, id, of, bytes); }
  bool vcpu_msrs(u32 id, const void* of, u32 bytes) { return of_vcpu(Content::vcpu_msrs, id, of, bytes); }
  bool end();

  const Totals& totals() const { return totals_; }
  u64 position() const { return position_; }
  bool failed() const { return failure_.fault != Fault::none; }
  const Failure& failure() const { return failure_; }

 private:
  bool begin(Content content, u32 bytes);
  bool put(const void* bytes, size_t size);
  bool finish();
  bool whole(Content content, const void* body, u32 bytes);
  bool of_vcpu(Content content, u32 id, const void* context, u32 bytes);
  bool policy(Content content, const void* entries, u32 count, u32 entry_bytes);
  bool refuse(Fault fault);
  bool refused(Fault fault) { return fault != Fault::none && !refuse(fault); }

  Sink* sink_;
  Progress progress_;
  Totals totals_;
  Failure failure_;
  u64 position_ = 0, record_at_ = 0;
  u32 records_ = 0;
  u32 length_ = 0;      // of the record that is being written
  u32 pages_left_ = 0;  // of the batch
  u32 type_ = Failure::no_type;
  Content content_ = Content::end;
  bool is_open_ = false;
};

}  // namespace stream
