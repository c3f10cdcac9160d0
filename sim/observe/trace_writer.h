// Events -> chunks -> file. The hash covers what is recorded, not how it is stored: it is the same with and
// without a file, and does not depend on the compressor's version.
//
//     put() --> hash
//           --> chunk buffer (fixed) --full or keyframe due--> zstd, file
//
// After a write error the file is closed as it is (readable up to its last whole chunk), error() tells, and
// recording goes on without a file.
#pragma once
#include <cstdio>
#include <memory>

#include "sim/observe/event_codec.h"
#include "sim/observe/trace_format.h"

namespace xs::observe {

class TraceWriter {
 public:
  /// Throws Error when `file` (unless empty) cannot be created.
  explicit TraceWriter(const std::string& file);
  ~TraceWriter();
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  void start(const TraceHeader& header);  ///< once, before the first put
  void put(const Event& event) { put(event, event.fields(), event.text); }
  /// No allocation.
  void put(const EventHead& head, const EventFields& fields, std::string_view text) {
    hash_ = hash_event(head, fields, text, hash_);
    ++events_;
    if (file_) store(head, fields, text);
  }
  /// Nothing is stored: note() is all that there is to do.
  bool only_hashes() const { return file_ == nullptr; }
  [[gnu::always_inline]] void note(const EventHead& head, const EventFields& fields) {
    hash_ = hash_numbers(head, fields, 0, hash_);
    ++events_;
  }
  u64 events() const { return events_; }
  u64 events_since_keyframe() const { return events_ - keyframe_at_; }
  /// `state`: all events put so far applied.
  void keyframe(const TraceState& state);
  u64 hash() const { return hash_; }
  void flush();   ///< what has been put is in the file, for a reader that follows it
  void finish();  ///< index and trailer; idempotent
  const std::string& error() const { return error_; }

 private:
  struct Compressor;
  void store(const EventHead& head, const EventFields& fields, std::string_view text);
  void seal();
  void write_chunk(ChunkHeader header, std::span<const u8> raw);
  void write_index();
  void write(const void* bytes, std::size_t size);
  void fail(const char* what);

  static constexpr std::size_t chunk_bytes = 256u << 10;
  std::string name_, error_;
  std::FILE* file_ = nullptr;
  u64 offset_ = 0;
  std::unique_ptr<Compressor> compressor_;
  std::vector<u8> buffer_;
  u8* at_ = nullptr;
  CodecState codec_;
  ChunkHeader open_;  ///< of the chunk being filled
  std::vector<ChunkPlace> places_;
  u64 events_ = 0, keyframe_at_ = 0;
  u64 hash_;
};

}  // namespace xs::observe
