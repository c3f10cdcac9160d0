#include "sim/debug/packet.h"

namespace xs::debug {

namespace {

constexpr u8 interrupt_byte = 3, escape_byte = '}', escape_mask = 0x20;
/// Acknowledgements and packets that nobody has asked for yet; a peer that sends more is not gdb.
constexpr std::size_t most_events = 64;

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char hex_digit(unsigned value) { return "0123456789abcdef"[value & 15]; }

}  // namespace

void PacketReader::feed(std::string_view bytes) {
  for (char c : bytes) byte(static_cast<u8>(c));
}

void PacketReader::begin() {
  state_ = State::payload;
  payload_.clear();
  sum_ = 0;
  too_long_ = bad_digit_ = false;
}

void PacketReader::data(u8 c, bool escaped) {
  sum_ = static_cast<u8>(sum_ + c);
  if (payload_.size() == most_payload)
    too_long_ = true;
  else
    payload_ += static_cast<char>(escaped ? c ^ escape_mask : c);
}

void PacketReader::byte(u8 c) {
  const auto push = [this](PacketEvent::Kind kind, std::string text = {}) {
    if (events_.size() < most_events) events_.push_back({kind, std::move(text)});
  };
  switch (state_) {
    case State::outside:
      if (c == '$') return begin();
      if (c == '+') return push(PacketEvent::Kind::acknowledged);
      if (c == '-') return push(PacketEvent::Kind::resend);
      if (c == interrupt_byte) push(PacketEvent::Kind::interrupt);
      return;
    case State::payload:
      if (c == '$') return begin();  // the end of the last one was lost
      if (c == '#') {
        state_ = State::checksum1;
      } else if (c == escape_byte) {
        sum_ = static_cast<u8>(sum_ + c);
        state_ = State::escaped;
      } else {
        data(c, false);
      }
      return;
    case State::escaped:
      state_ = State::payload;
      return data(c, true);
    case State::checksum1:
    case State::checksum2: {
      const int value = digit(static_cast<char>(c));
      bad_digit_ = bad_digit_ || value < 0;
      sent_sum_ = static_cast<u8>(sent_sum_ << 4 | (value & 15));
      if (state_ == State::checksum1) {
        state_ = State::checksum2;
        return;
      }
      state_ = State::outside;
      const bool good = !too_long_ && !bad_digit_ && sent_sum_ == sum_;
      return good ? push(PacketEvent::Kind::packet, std::move(payload_)) : push(PacketEvent::Kind::damaged);
    }
  }
}

std::optional<PacketEvent> PacketReader::next() {
  if (events_.empty()) return std::nullopt;
  PacketEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

bool PacketReader::take_interrupt() {
  for (auto it = events_.begin(); it != events_.end(); ++it)
    if (it->kind == PacketEvent::Kind::interrupt) return events_.erase(it), true;
  return false;
}

std::string frame(std::string_view payload) {
  std::string out = "$";
  u8 sum = 0;
  const auto put = [&](u8 c) {
    sum = static_cast<u8>(sum + c);
    out += static_cast<char>(c);
  };
  for (char c : payload) {
    const bool special = c == '$' || c == '#' || c == '}' || c == '*';  // '*' would be a run length
    if (special) put(escape_byte);
    put(special ? static_cast<u8>(c ^ escape_mask) : static_cast<u8>(c));
  }
  return out + '#' + hex_digit(sum >> 4) + hex_digit(sum);
}

std::string hex_number(u64 value) {
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4)
    if (value >> shift || shift == 0) digits += "0123456789abcdef"[value >> shift & 15];
  return digits;
}

std::string to_hex(std::span<const u8> bytes) {
  std::string out;
  out.reserve(2 * bytes.size());
  for (u8 b : bytes) {
    out += hex_digit(b >> 4);
    out += hex_digit(b);
  }
  return out;
}

std::string to_hex(std::string_view text) {
  return to_hex(std::span(reinterpret_cast<const u8*>(text.data()), text.size()));
}

std::optional<std::string> from_hex(std::string_view digits) {
  if (digits.size() % 2) return std::nullopt;
  std::string out;
  out.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = digit(digits[i]), low = digit(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

std::optional<u64> take_number(std::string_view& text) {
  u64 value = 0;
  std::size_t used = 0;
  while (used < text.size() && digit(text[used]) >= 0) {
    if (value >> 60) return std::nullopt;
    value = value << 4 | static_cast<u64>(digit(text[used++]));
  }
  if (used == 0) return std::nullopt;
  text.remove_prefix(used);
  return value;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace xs::debug
