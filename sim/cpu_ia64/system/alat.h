// Advanced load address table: which registers hold data that was loaded ahead of stores and is still what
// memory holds (SDM vol. 1 4.4.5, vol. 2 4.4.8).
//
// Fully associative, 32 entries, the oldest goes first. An entry's tag is the register's physical number (a
// rotation or a call gives the name to another register), its range is physical memory. Anything that might
// have changed the range drops the entry: stores and semaphores of this core by address, the RSE's too; those
// of other cores and of devices at the end of each quantum, when all entries go.
#pragma once
#include <array>

#include "sim/core/types.h"

namespace xs::ia64 {

class Alat {
 public:
  static constexpr unsigned places = 32;

  /// General registers have tags from 0 (static) or their place in the stack; floating-point ones have
  /// bit 31.
  using Tag = u64;

  void enter(Tag tag, u64 pa, unsigned size) {
    drop(tag);
    if (count_ == places) {
      for (unsigned i = 1; i < places; ++i) entries_[i - 1] = entries_[i];
      --count_;
    }
    entries_[count_++] = {tag, pa, size};
  }
  bool holds(Tag tag) const {
    for (unsigned i = 0; i < count_; ++i)
      if (entries_[i].tag == tag) return true;
    return false;
  }
  /// ld.c: the entry counts only for the same range.
  bool holds(Tag tag, u64 pa, unsigned size) const {
    for (unsigned i = 0; i < count_; ++i)
      if (entries_[i].tag == tag) return entries_[i].pa == pa && entries_[i].size == size;
    return false;
  }
  void drop(Tag tag) {
    for (unsigned i = 0; i < count_; ++i)
      if (entries_[i].tag == tag) remove(i--);
  }
  void stored(u64 pa, unsigned size) {
    for (unsigned i = 0; i < count_; ++i)
      if (pa < entries_[i].pa + entries_[i].size && entries_[i].pa < pa + size) remove(i--);
  }
  void clear() { count_ = 0; }
  bool empty() const { return count_ == 0; }

 private:
  struct Entry {
    Tag tag;
    u64 pa;
    unsigned size;
  };
  void remove(unsigned at) {
    for (unsigned i = at + 1; i < count_; ++i) entries_[i - 1] = entries_[i];
    --count_;
  }
  std::array<Entry, places> entries_{};
  unsigned count_ = 0;
};

}  // namespace xs::ia64
