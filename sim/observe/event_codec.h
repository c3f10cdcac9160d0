// Bytes <-> events. A chunk of events decodes by itself: differences start from zero in each.
#pragma once
#include <bit>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "sim/core/error.h"
#include "sim/observe/event.h"
#include "sim/observe/hash.h"

namespace xs::observe {

/// Longest text of one event; longer ones are cut.
inline constexpr std::size_t max_event_text = 4096;
/// Upper bound of one encoded event without its text: kind, CPU, equal fields, time, four fields, text
/// length, and what number() touches behind.
inline constexpr std::size_t max_event_head = 3 + 6 * 9 + 8;

inline u64 zigzag(u64 value) { return value << 1 ^ (0 - (value >> 63)); }
inline u64 unzigzag(u64 value) { return value >> 1 ^ (0 - (value & 1)); }

/// Appends into a caller's buffer that is known to be large enough.
class ByteWriter {
 public:
  explicit ByteWriter(u8* at) : at_(at) {}
  void byte(u8 value) { *at_++ = value; }
  /// Seven bits a byte, little endian, behind a prefix that tells the length: as many zero bits as there are
  /// bytes behind the first, and a one. From 57 bits on, a zero byte and the eight of the number.
  /// May touch 8 bytes behind the number.
  void number(u64 value) {
    if (value < 0x80) {
      *at_++ = static_cast<u8>(value << 1 | 1);
      return;
    }
    const unsigned size = (static_cast<unsigned>(std::bit_width(value)) + 6) * 37 >> 8;  // divided by 7
    if (size > 8) [[unlikely]] {
      *at_++ = 0;
      std::memcpy(at_, &value, sizeof value);
      at_ += sizeof value;
      return;
    }
    const u64 word = (value << 1 | 1) << (size - 1);
    std::memcpy(at_, &word, sizeof word);
    at_ += size;
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
  u64 number();
  std::string_view bytes(u64 size);

 private:
  const u8* at_;
  const u8* end_;
};

/// What runs through a chunk: the last values, which the next ones are compared with.
struct CodecState {
  u64 time_ps = 0;
  u64 frame = 0;                                ///< of a d field
  std::array<EventFields, event_kinds> last{};  ///< by kind
};

/// What the trace hash covers of an event, however it is stored: a word of kind, CPU and size of the text;
/// time, fields, text.
inline u64 hash_numbers(const EventHead& head, const EventFields& fields, std::size_t text_size, u64 hash) {
  hash = hash_word(static_cast<u64>(head.kind) | u64{head.cpu} << 8 | text_size << 16, hash);
  hash = hash_word(head.time_ps, hash);
  hash = hash_word(fields[0], hash);
  hash = hash_word(fields[1], hash);
  hash = hash_word(fields[2], hash);
  return hash_word(fields[3], hash);
}
inline u64 hash_event(const EventHead& head, const EventFields& fields, std::string_view text, u64 hash) {
  text = text.substr(0, max_event_text);
  hash = hash_numbers(head, fields, text.size(), hash);
  if (text.empty()) return hash;
  return word_hash({reinterpret_cast<const u8*>(text.data()), text.size()}, hash);
}

/// Returns the end of the bytes written at `at`; needs max_event_head + text size (cut to max_event_text).
u8* encode_event(const EventHead& head, const EventFields& fields, std::string_view text, CodecState& state,
                 u8* at);
/// Throws Error on malformed bytes.
void decode_event(ByteReader& in, CodecState& state, Event& event);

}  // namespace xs::observe
