// Bytes <-> events. A chunk of events decodes by itself: differences start from zero in each.
#pragma once
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "sim/core/error.h"
#include "sim/observe/event.h"

namespace xs::observe {

/// Longest text of one event; longer ones are cut.
inline constexpr std::size_t max_event_text = 4096;
/// Upper bound of one encoded event without its text: kind, CPU, time, four fields, text length.
inline constexpr std::size_t max_event_head = 2 + 6 * 10;

inline u64 zigzag(u64 value) { return value << 1 ^ (0 - (value >> 63)); }
inline u64 unzigzag(u64 value) { return value >> 1 ^ (0 - (value & 1)); }

/// Appends into a caller's buffer that is known to be large enough.
class ByteWriter {
 public:
  explicit ByteWriter(u8* at) : at_(at) {}
  void byte(u8 value) { *at_++ = value; }
  void varint(u64 value) {
    while (value >= 0x80) *at_++ = static_cast<u8>(value | 0x80), value >>= 7;
    *at_++ = static_cast<u8>(value);
  }
  void bytes(const void* from, std::size_t size) {
    if (size != 0) std::memcpy(at_, from, size);
    at_ += size;
  }
  u8* position() const { return at_; }

 private:
  u8* at_;
};

/// Reads hostile bytes: every overrun throws Error.
class ByteReader {
 public:
  explicit ByteReader(std::span<const u8> bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  bool done() const { return at_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  u8 byte();
  u64 varint();
  std::string_view bytes(u64 size);

 private:
  const u8* at_;
  const u8* end_;
};

/// The differences that run through a chunk.
struct CodecState {
  u64 time_ps = 0;
  u64 frame = 0;
};

/// Returns the end of the bytes written at `at`; needs max_event_head + text size (cut to max_event_text).
u8* encode_event(const Event& event, CodecState& state, u8* at);
/// Throws Error on malformed bytes.
void decode_event(ByteReader& in, CodecState& state, Event& event);

}  // namespace xs::observe
