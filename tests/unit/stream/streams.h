// Streams for tests: small ones of every kind, what bytes they have, and a reading of any bytes to the end.
#pragma once
#include <string>
#include <vector>

#include "guests/lib/stream/reader.h"
#include "guests/lib/stream/writer.h"

namespace stream_test {

using Bytes = std::string;

struct MemorySink : stream::Sink {
  Bytes bytes;
  size_t room = ~size_t{0};
  bool write(const void* from, size_t size) override {
    if (size > room) return false;
    room -= size;
    bytes.append(static_cast<const char*>(from), size);
    return true;
  }
};

/// Gives at most `piece` bytes at a time; fails in front of byte `fails_at`.
struct MemorySource : stream::Source {
  const Bytes& bytes;
  size_t at = 0, piece, fails_at;
  explicit MemorySource(const Bytes& all, size_t most = ~size_t{0}, size_t failing = ~size_t{0})
      : bytes(all), piece(most), fails_at(failing) {}
  s64 read(void* to, size_t most) override;
};

/// A page that no other of the stream is like.
std::vector<u8> page_of(u64 pfn, u8 salt = 0);
stream::DomainInfo an_info(u32 model, u32 vcpus = 2);
stream::DomainState a_state();

/// The usual streams: two VCPUs, memory of 16 pages, two rounds.
Bytes pv_stream();
Bytes hvm_stream();
Bytes ia64_stream();
/// With all that may be in one.
Bytes full_pv_stream();
Bytes full_hvm_stream();
Bytes full_ia64_stream();
std::vector<Bytes> all_streams();

/// A record as it lies in a stream.
struct Piece {
  size_t at, size;
  u32 type;
};
constexpr size_t headers = sizeof(stream::ImageHeader) + sizeof(stream::DomainHeader);
std::vector<Piece> pieces_of(const Bytes& stream);
Bytes raw_record(u32 type, const Bytes& body);
template <typename T>
Bytes raw(const T& value) {
  return Bytes(reinterpret_cast<const char*>(&value), sizeof value);
}
/// In place of the first record of that type, or in front of it, or without it.
Bytes with_record(const Bytes& stream, u32 type, const Bytes& record);
Bytes with_before(const Bytes& stream, u32 type, const Bytes& record);
Bytes without(const Bytes& stream, u32 type);
size_t offset_of(const Bytes& stream, u32 type);

/// What a receiver saw that takes everything (or, `lazy`, leaves all bodies to the reader).
struct Reading {
  stream::Failure failure;
  bool complete = false;
  u64 position = 0;
  unsigned records = 0, skipped = 0;
  std::string told;  ///< everything that it was told, in words
  std::string line() const;
};
Reading read_stream(stream::Source& source, const stream::Limits& limits = {}, bool lazy = false);
Reading read_stream(const Bytes& bytes, const stream::Limits& limits = {}, bool lazy = false);

}  // namespace stream_test
