// The P2Ms that the hypervisor holds (model translated), as it announces their pages (XS_MARK_P2M_PAGE):
//
//     MFN of a page --> { domain, level, first GFN }      level 1: entry i stands for GFN first + i
//                                                         level 2: for a leaf, or as a superpage itself for
//                                                         512 GFNs from first + 512 i on
//
// Pages are allocated at run time; until they are announced, and after, they are ordinary frames.
#pragma once
#include <map>
#include <set>

#include "hypervisor/abi/observe.h"
#include "sim/core/memory_port.h"
#include "sim/core/types.h"

namespace xs::observe {

struct HeldP2mEntry {
  u64 gfn = 0, mfn = invalid_frame;
  bool foreign = false, writable = false, granted = false, shared = false, superpage = false;
  static HeldP2mEntry decode(u64 gfn, u64 raw) {
    if ((raw & XS_P2M_PRESENT) == 0) return {gfn, invalid_frame};
    return {gfn,
            raw >> XS_P2M_MFN_SHIFT,
            (raw & XS_P2M_FOREIGN) != 0,
            (raw & XS_P2M_WRITABLE) != 0,
            (raw & XS_P2M_GRANTED) != 0,
            (raw & XS_P2M_SHARED) != 0,
            (raw & XS_P2M_SUPERPAGE) != 0};
  }
  /// What GFN gfn + i has by an entry that is a superpage.
  HeldP2mEntry part(u64 i) const {
    HeldP2mEntry e = *this;
    return e.gfn += i, e.mfn += i, e;
  }
};

class HeldP2ms {
 public:
  static constexpr u64 entries_per_page = 512;
  struct Page {
    u32 domid = 0;
    unsigned level = 0;
    u64 first_gfn = 0;
  };

  void announce(u32 domid, unsigned level, u64 mfn, u64 first_gfn) {
    if (level == 0)
      pages_.erase(mfn);
    else
      pages_[mfn] = {domid, level, first_gfn};
  }
  /// The page in frame `mfn`; null when there is none.
  const Page* page(u64 mfn) const {
    const auto it = pages_.find(mfn);
    return it == pages_.end() ? nullptr : &it->second;
  }
  bool holds(u32 domid) const;
  const std::map<u64, Page>& pages() const { return pages_; }
  /// Whether 512 GFNs of the domain have a superpage; set_superpage() returns whether they had.
  bool set_superpage(u32 domid, u64 first_gfn, bool is_one) {
    const std::pair<u32, u64> place{domid, first_gfn};
    const bool was = superpages_.contains(place);
    if (is_one && !was) superpages_.insert(place);
    if (!is_one && was) superpages_.erase(place);
    return was;
  }
  u64 superpages() const { return superpages_.size(); }
  /// Calls fn(domid, page MFN, entry) for each entry, present or not, of each leaf, and for what each GFN of
  /// a superpage has, read from machine memory.
  template <typename Fn>
  void for_each(MemoryPort& memory, Fn fn) const {
    for (const auto& [mfn, page] : pages_)
      for (u64 i = 0; page.level <= 2 && i < entries_per_page; ++i) {
        const u64 frames = page.level == 1 ? 1 : entries_per_page;
        const HeldP2mEntry e = HeldP2mEntry::decode(page.first_gfn + i * frames, word(memory, mfn, i));
        for (u64 n = 0; (page.level == 1 || e.superpage) && n < frames; ++n) fn(page.domid, mfn, e.part(n));
      }
  }

 private:
  static u64 word(MemoryPort& memory, u64 mfn, u64 index);
  std::map<u64, Page> pages_;                 ///< by MFN
  std::set<std::pair<u32, u64>> superpages_;  ///< domid, first GFN
};

}  // namespace xs::observe
