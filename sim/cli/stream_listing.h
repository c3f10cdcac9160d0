// What is in a stream of a saved or migrating domain (docs/stream.md), as a table of its records.
#pragma once
#include <array>
#include <string>

#include "sim/core/types.h"

#include "guests/lib/stream/reader.h"

namespace xs::cli {

class StreamListing {
 public:
  /// Lines for each batch of pages, or one for those that follow each other.
  StreamListing(stream::Source& source, bool every_batch) : reader_(source), every_batch_(every_batch) {}

  /// Reads the stream to its end, or as far as it is one: the whole table.
  std::string list();
  bool complete() const { return reader_.complete(); }
  const stream::Failure& failure() const { return reader_.failure(); }
  u64 bytes() const { return reader_.position(); }

 private:
  /// Pages by their types.
  struct Batches {
    unsigned count = 0;
    u32 first = 0, last = 0;  ///< numbers of records
    u64 offset = 0, bytes = 0;
    std::array<u64, 16> pages{};
  };
  struct Total {
    u64 records = 0, bytes = 0;
  };

  void row(const std::string& number, u64 offset, u64 bytes, const char* type, const std::string& what);
  void take(const stream::Record& record);
  void take_pages(const stream::Record& record);
  void end_batches();
  std::string what(const stream::Record& record);
  std::string settings();
  void totals();

  stream::Reader reader_;
  bool every_batch_;
  std::string out_;
  Batches batches_;
  std::array<Total, static_cast<std::size_t>(stream::Content::count)> totals_{};
  std::array<const char*, static_cast<std::size_t>(stream::Content::count)> types_{};
  std::array<u64, 16> pages_{};
};

}  // namespace xs::cli
