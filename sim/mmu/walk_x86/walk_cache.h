// Paging-structure caches (SDM vol. 3A 4.10.3): where a walk may start below the root.
//
//     PML4E cache   va[47:39] ──► PDPT, rights so far      level 4 ┐ the walk takes the deepest hit and reads
//     PDPTE cache   va[47:30] ──► PD,   rights so far      level 3 ├ the tables below it
//     PDE cache     va[47:21] ──► PT,   rights so far      level 2 ┘
//
// Each is fully associative with true LRU. Only present, accessed, non-leaf entries enter, so a cached one
// never hides a change from not-present to present, nor a needed A-bit update.
#pragma once
#include <utility>
#include <vector>

#include "sim/core/types.h"

namespace xs::mmu::x86 {

struct TableRef {
  u64 pa = 0;     ///< the next table
  u8 rights = 0;  ///< merged over the levels above it
};

class WalkCache {
 public:
  explicit WalkCache(u32 entries) : slots_(entries) {}

  const TableRef* find(u64 tag);
  /// The same with no effect on what is replaced next.
  const TableRef* peek(u64 tag) const;
  void insert(u64 tag, const TableRef& table);
  void drop(u64 tag);
  void clear() { live_ = 0; }

 private:
  struct Slot {
    u64 tag = 0;
    u64 used = 0;
    TableRef table;
  };

  const Slot* slot(u64 tag) const;
  Slot* slot(u64 tag) { return const_cast<Slot*>(std::as_const(*this).slot(tag)); }

  std::vector<Slot> slots_;
  std::size_t live_ = 0;  ///< slots in use, the first ones
  u64 clock_ = 0;
};

}  // namespace xs::mmu::x86
