// gdb's remote serial protocol on the wire (gdb manual, appendix E): framing, checksums, escapes,
// hexadecimal. Plain text in, plain text out; no socket, no machine. What a peer sends may be anything:
// memory stays bounded, nonsense is dropped.
//
//     $payload#cs     a packet; '}' escapes the next byte, which is then XORed with 0x20
//     + -             acknowledgement, request to send again
//     0x03            stop the machine
#pragma once
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sim/core/types.h"

namespace xs::debug {

/// Longest payload that is taken, announced as PacketSize.
inline constexpr std::size_t most_payload = 0x8000;

struct PacketEvent {
  enum class Kind : u8 { packet, acknowledged, resend, interrupt, damaged };
  Kind kind = Kind::packet;
  std::string payload;  ///< of a packet, escapes undone
};

class PacketReader {
 public:
  void feed(std::string_view bytes);
  std::optional<PacketEvent> next();
  /// An interrupt waits among what was fed; takes it out.
  bool take_interrupt();

 private:
  enum class State : u8 { outside, payload, escaped, checksum1, checksum2 };
  void byte(u8 c);
  void begin();
  void data(u8 c, bool escaped);

  State state_ = State::outside;
  std::string payload_;
  u8 sum_ = 0, sent_sum_ = 0;
  bool too_long_ = false, bad_digit_ = false;
  std::deque<PacketEvent> events_;
};

/// The packet for a payload of text or binary data.
std::string frame(std::string_view payload);

std::string hex_number(u64 value);
std::string to_hex(std::span<const u8> bytes);
std::string to_hex(std::string_view text);
/// None when a character is no digit or one is left over.
std::optional<std::string> from_hex(std::string_view digits);

/// Takes a hexadecimal number off the front of `text`; none when it does not begin with one or it is too
/// large.
std::optional<u64> take_number(std::string_view& text);
/// Takes `prefix` off the front of `text` when it is there.
bool take(std::string_view& text, std::string_view prefix);

}  // namespace xs::debug
