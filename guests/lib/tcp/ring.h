// Bytes on their way: a ring in memory that its owner hands in.
#pragma once
#include "guests/lib/types.h"

namespace tcp {

struct Bytes {
  const u8* at = nullptr;
  u32 length = 0;
};
// A stretch of a ring: the second part is not empty where it goes round the end.
struct Pieces {
  Bytes first, second;
  u32 length() const { return first.length + second.length; }
};

class Ring {
 public:
  Ring(u8* memory, u32 capacity) : memory_(memory), capacity_(capacity) {}

  u32 capacity() const { return capacity_; }
  u32 size() const { return size_; }
  u32 room() const { return capacity_ - size_; }

  // As many as there is room for.
  u32 put(const void* bytes, u32 count);
  // `length` bytes from `from` on, both within size().
  Pieces pieces(u32 from, u32 length) const;
  u32 take(void* to, u32 most);
  void drop(u32 count);

 private:
  u32 place(u32 offset) const;

  u8* memory_;
  u32 capacity_;
  u32 begin_ = 0, size_ = 0;
};

}  // namespace tcp
