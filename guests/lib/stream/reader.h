// Reads a stream that anybody may have written: record by record, each checked before the caller learns of
// it.
//
//     Reader r(source, limits);
//     if (r.open())
//       for (Record record; r.next(record);) switch (record.content) { ... }
//     if (!r.complete()) ... r.failure()
//
// What of a record's body the caller does not take is checked and passed over by next(). The caller may stop
// at any point. Memory: this object, at most reader_bytes, whatever the stream says; no stack to speak of.
#pragma once
#include "guests/lib/stream/progress.h"

namespace stream {

// Where the bytes come from.
struct Source {
  // Waits for some and writes at most so many where told: how many, 0 at the end, negative when that failed.
  // (Not pure: a kernel has no __cxa_pure_virtual.)
  virtual s64 read(void*, size_t) { return -1; }

 protected:
  ~Source() = default;
};

// What the receiver takes.
struct Limits {
  u64 pfn_end = gfn_end_most;
  u32 vcpus = vcpu_most;
};

struct Record {
  Content content;
  u32 type, length;  // as written
  u32 number;        // of the first record: 0
  u64 offset;        // of its header
  union {
    DomainInfo info;
    DomainState state;
    PvInfo pv;
    P2mRange p2m;  // then Reader::next_frame
    TscInfo tsc;
    u32 vcpu;   // then Reader::read, bytes_left() bytes
    u32 count;  // pages: page(i), read_page; parameters: next_param; settings: next_setting
  };
};

struct Setting {
  const char *key, *value;  // until the reader is asked for anything else
};

constexpr size_t reader_bytes = 9 * KiB;

class Reader {
 public:
  explicit Reader(Source& source, const Limits& limits = {}) : source_(&source), limits_(limits) {}

  bool open();
  const DomainHeader& domain() const { return domain_; }
  // The next record; false behind END, and when the stream is refused.
  bool next(Record& record);

  // --- of the record that next() told; false when there is no more of it, or the stream is refused ---
  u64 page(u32 i) const { return words_[i]; }  // page_entry(); i < count, until next()
  bool read_page(void* contents);              // of the next entry that has_contents()
  bool next_frame(u64& pfn);
  bool next_param(HvmParam& param);
  bool next_setting(Setting& setting);
  bool read(void* to, u32 bytes);  // vcpu*, shared_info, policies, skipped: as much as bytes_left()
  u32 bytes_left() const { return left_; }

  bool verifying() const { return progress_.part() == Part::verifying; }
  bool complete() const { return progress_.ended() && !failed() && !is_inside_; }
  bool failed() const { return failure_.fault != Fault::none; }
  const Failure& failure() const { return failure_; }
  u64 position() const { return position_; }

 private:
  bool refuse(Fault fault, u64 offset);
  bool refused(Fault fault, u64 offset) { return fault != Fault::none && !refuse(fault, offset); }
  bool take(void* to, size_t bytes);
  bool take_body(void* to, u32 bytes);
  bool check_headers(const ImageHeader& image);
  bool pass_over();
  bool pass_padding();
  const RecordRule* rule_of(Record& record);
  bool begin_body(Record& record);
  bool begin_pages(Record& record);
  bool begin_counted(Record& record);
  bool begin_vcpu(Record& record);
  template <typename T>
  bool checked(T& value);

  Source* source_;
  Limits limits_;
  Progress progress_;
  DomainHeader domain_ = {};
  Failure failure_;
  u64 position_ = 0, record_at_ = 0;
  u32 records_ = 0;
  u32 type_ = Failure::no_type, length_ = 0, left_ = 0;  // of the record that is being read
  u32 items_left_ = 0;                                   // pages with contents, parameters, settings
  Content content_ = Content::end;
  bool is_open_ = false, is_inside_ = false;
  union {  // whatever the record needs
    u64 words_[batch_most];
    char text_[batch_most * sizeof(u64)];
  };
};
static_assert(sizeof(Reader) <= reader_bytes);
static_assert(setting_most <= batch_most * sizeof(u64));

}  // namespace stream
