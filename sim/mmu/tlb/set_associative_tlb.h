// One TLB array with a geometry: sets x ways, true LRU within a set.
//
//     slots_   set 0: [way 0] [way 1] ... | set 1: [way 0] ...
//     Slot     tag        va >> tag_shift: what this slot answers for
//              entry      the guest's whole page; larger than the tag when the page was broken into pieces
//                         because this array holds smaller sizes only (1 GiB code in a 2 MiB array)
//              used       clock_ at the last use; the smallest of a full set is replaced
#pragma once
#include <utility>
#include <vector>

#include "sim/mmu/tlb/tlb_model.h"

namespace xs::mmu {

class SetAssociativeTlb {
 public:
  /// `entries` may be 0 (array absent). Throws Error when `ways` does not divide `entries`.
  SetAssociativeTlb(u32 entries, u32 ways);

  bool absent() const { return slots_.empty(); }
  /// The entry tagged with va at this tag size; marks it most recently used.
  const TlbEntry* find(u64 va, unsigned tag_shift, TlbMark* mark = nullptr);
  const TlbEntry* peek(u64 va, unsigned tag_shift) const;
  /// True when it replaced the entry of another page, of which `replaced` then is the first address.
  bool insert(const TlbEntry& entry, u64 va, unsigned tag_shift, u64* replaced = nullptr);
  /// Every slot whose page covers va, pieces of a broken page included; log2 of the largest such page, or 0.
  unsigned drop_page(u64 va);
  void drop_nonglobal();
  void clear();
  bool maps_frame(u64 mfn, bool user_only = false) const;  ///< scans all slots
  void list(const char* name, std::vector<TlbSlot>& out) const;

 private:
  struct Slot {
    u64 tag = 0;
    u64 used = 0;  ///< 0 = empty
    u8 tag_shift = 0;
    TlbEntry entry;
  };

  size_t set_of(u64 tag) const { return (sets_mask_ ? tag & sets_mask_ : tag % sets_) * ways_; }
  const Slot* match(u64 tag, unsigned tag_shift) const;
  Slot* match(u64 tag, unsigned tag_shift) {
    return const_cast<Slot*>(std::as_const(*this).match(tag, tag_shift));
  }
  unsigned drop_tagged(u64 va);

  std::vector<Slot> slots_;
  u32 sets_ = 0, ways_ = 0;
  u64 sets_mask_ = 0;  ///< sets_ - 1 when that is a mask, else 0
  u64 clock_ = 0;
  bool has_pieces_ = false;  ///< a broken page has been inserted since the last clear
};

}  // namespace xs::mmu
