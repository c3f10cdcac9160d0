// What a segment says (RFC 9293, 3.1), and its form on the wire.
#pragma once
#include "guests/lib/types.h"

namespace tcp {

// Sequence numbers go round; two are compared by the shorter way between them (RFC 9293, 3.4).
constexpr bool before(u32 a, u32 b) { return static_cast<s32>(a - b) < 0; }
constexpr bool not_after(u32 a, u32 b) { return !before(b, a); }
constexpr u32 later_of(u32 a, u32 b) { return before(a, b) ? b : a; }

enum Flag : u8 { fin = 1, syn = 2, rst = 4, psh = 8, ack = 16 };

constexpr u32 header_least = 20, header_most = 60;
constexpr u32 own_header_most = 28;  // of those that are built here
constexpr u8 shift_most = 14;        // of a window: RFC 7323, 2.3
constexpr u8 no_shift = 0xff;

struct Segment {
  u16 from = 0, to = 0;  // ports
  u32 sequence = 0, acknowledged = 0;
  u8 flags = 0;
  u16 window = 0;       // as it is written: scaled
  u16 mss = 0;          // 0: no such option
  u8 shift = no_shift;  // of the window from now on: the option of a SYN
  u32 length = 0;       // of what it carries

  bool has(Flag flag) const { return flags & flag; }
  // In sequence numbers.
  u32 span() const { return length + has(syn) + has(fin); }
};

// Of a segment of `length` bytes, of which the checksum was right. False: it makes no sense. What it carries
// is behind `header` bytes.
bool parse(const u8* bytes, u32 length, Segment& segment, u32& header);
// Without checksum and what it carries. Answers how long the header is: at most own_header_most.
u32 build(const Segment& segment, u8* bytes);
constexpr u32 checksum_at = 16;  // of its two bytes

// What is answered to a segment that no connection wants (RFC 9293, 3.10.7.1). False: nothing.
bool reset_for(const Segment& segment, Segment& answer);

}  // namespace tcp
