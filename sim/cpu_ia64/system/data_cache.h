// Host addresses of pages that data accesses have reached: what makes a load one comparison. Holds nothing
// that the MMU did not grant, and is told whenever it takes something back.
//
//     tag   page of va | mode (bits 4..11: everything besides the address that a grant depends on)
//     index bits 12..21 of va
//
// Bits 0..3 of a tag are 0, those of a key are the address's: an access that is not aligned never hits. A
// mode with `slow` has no entries either: byte order, breakpoints and other rare things are for the slow
// path.
#pragma once
#include <array>

#include "sim/core/types.h"

namespace xs::ia64 {

class DataCache {
 public:
  static constexpr u64 entries = 1024;
  static constexpr u64 never = ~u64{0};  ///< no key: modes leave bits clear
  static constexpr u64 slow = 1 << 8;

  struct Entry {
    u64 read = never, write = never;
    std::uintptr_t host = 0;  ///< of va 0: plus va, modulo 2^64, it is that of va
    u64 pa = 0;               ///< of the page

    u8* place(u64 va) const { return reinterpret_cast<u8*>(host + va); }
  };

  Entry& at(u64 va) { return entries_[va >> frame_shift & (entries - 1)]; }
  static u64 key(u64 va, unsigned size, u64 mode) { return (va & (~frame_mask | (size - 1))) | mode; }

  void clear() { entries_.fill(Entry{}); }
  /// All regions: the same offset has the same index in each.
  void drop(u64 offset, unsigned shift) {
    if (shift > frame_shift + 6) return clear();
    for (u64 at_ = offset; at_ < offset + (u64{1} << shift); at_ += frame_size) at(at_) = Entry{};
  }
  /// The frame must be written through the slow path from now on.
  void drop_writes(u64 mfn) {
    for (Entry& e : entries_)
      if (e.pa >> frame_shift == mfn) e.write = never;
  }

 private:
  std::array<Entry, entries> entries_{};
};

}  // namespace xs::ia64
