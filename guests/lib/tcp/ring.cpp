#include "guests/lib/tcp/ring.h"

#include "guests/lib/string.h"

namespace tcp {

u32 Ring::place(u32 offset) const {
  const u32 to_end = capacity_ - begin_;
  return offset < to_end ? begin_ + offset : offset - to_end;
}

u32 Ring::put(const void* bytes, u32 count) {
  count = min_of(count, room());
  if (!count) return 0;
  const u32 at = place(size_), first = min_of(count, capacity_ - at);
  memcpy(memory_ + at, bytes, first);
  if (count > first) memcpy(memory_, static_cast<const u8*>(bytes) + first, count - first);
  size_ += count;
  return count;
}

Pieces Ring::pieces(u32 from, u32 length) const {
  const u32 at = place(from), first = min_of(length, capacity_ - at);
  return {{memory_ + at, first}, {memory_, length - first}};
}

u32 Ring::take(void* to, u32 most) {
  const Pieces p = pieces(0, min_of(most, size_));
  if (!p.length()) return 0;
  memcpy(to, p.first.at, p.first.length);
  if (p.second.length) memcpy(static_cast<u8*>(to) + p.first.length, p.second.at, p.second.length);
  drop(p.length());
  return p.length();
}

void Ring::drop(u32 count) {
  begin_ = place(count);
  size_ -= count;
}

}  // namespace tcp
