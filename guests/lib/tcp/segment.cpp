#include "guests/lib/tcp/segment.h"

namespace tcp {
namespace {
enum Option : u8 { option_end = 0, option_none = 1, option_mss = 2, option_shift = 3 };

u16 read16(const u8* at) { return static_cast<u16>(at[0] << 8 | at[1]); }
u32 read32(const u8* at) { return u32{read16(at)} << 16 | read16(at + 2); }
void write16(u8* at, u32 value) {
  at[0] = static_cast<u8>(value >> 8);
  at[1] = static_cast<u8>(value);
}
void write32(u8* at, u32 value) {
  write16(at, value >> 16);
  write16(at + 2, value);
}

// An option that is known, with the length that it must have.
void take_option(Segment& s, u8 kind, const u8* body, u32 length) {
  if (kind == option_mss && length == 2) s.mss = read16(body);
  if (kind == option_shift && length == 1) s.shift = min_of(body[0], shift_most);
}

bool parse_options(Segment& s, const u8* at, const u8* end) {
  while (at < end && *at != option_end) {
    if (*at == option_none) {
      at++;
      continue;
    }
    if (end - at < 2 || at[1] < 2 || at[1] > end - at) return false;
    if (s.has(syn)) take_option(s, at[0], at + 2, at[1] - 2u);
    at += at[1];
  }
  return true;
}
}  // namespace

bool parse(const u8* bytes, u32 length, Segment& s, u32& header) {
  if (length < header_least) return false;
  header = u32{bytes[12]} >> 4 << 2;
  if (header < header_least || header > length) return false;
  s = {};
  s.from = read16(bytes), s.to = read16(bytes + 2);
  s.sequence = read32(bytes + 4), s.acknowledged = read32(bytes + 8);
  s.flags = bytes[13] & (fin | syn | rst | psh | ack);
  s.window = read16(bytes + 14);
  s.length = length - header;
  if (!s.from || !s.to) return false;
  return parse_options(s, bytes + header_least, bytes + header);
}

u32 build(const Segment& s, u8* bytes) {
  u32 header = header_least;
  if (s.mss) {
    bytes[header] = option_mss, bytes[header + 1] = 4;
    write16(bytes + header + 2, s.mss);
    header += 4;
  }
  if (s.shift != no_shift) {
    bytes[header] = option_none, bytes[header + 1] = option_shift;
    bytes[header + 2] = 3, bytes[header + 3] = s.shift;
    header += 4;
  }
  write16(bytes, s.from), write16(bytes + 2, s.to);
  write32(bytes + 4, s.sequence), write32(bytes + 8, s.acknowledged);
  bytes[12] = static_cast<u8>(header >> 2 << 4);
  bytes[13] = s.flags;
  write16(bytes + 14, s.window);
  write32(bytes + checksum_at, 0);  // and no urgent pointer
  return header;
}

bool reset_for(const Segment& s, Segment& answer) {
  if (s.has(rst)) return false;
  answer = {};
  answer.from = s.to, answer.to = s.from;
  answer.flags = rst;
  if (s.has(ack)) {
    answer.sequence = s.acknowledged;
  } else {
    answer.acknowledged = s.sequence + s.span();
    answer.flags |= ack;
  }
  return true;
}

}  // namespace tcp
