// The P2Ms that the hypervisor holds (model translated), as it announces their pages (XS_MARK_P2M_PAGE):
//
//     MFN of a page --> { domain, level, first GFN }      level 1: entry i stands for GFN first + i
//
// Pages are allocated at run time; until they are announced, and after, they are ordinary frames.
#pragma once
#include <map>

#include "hypervisor/abi/observe.h"
#include "sim/core/memory_port.h"
#include "sim/core/types.h"

namespace xs::observe {

struct HeldP2mEntry {
  u64 gfn = 0, mfn = invalid_frame;
  bool foreign = false, writable = false, granted = false, shared = false;
  static HeldP2mEntry decode(u64 gfn, u64 raw) {
    if ((raw & XS_P2M_PRESENT) == 0) return {gfn, invalid_frame, false, false, false, false};
    return {gfn,
            raw >> XS_P2M_MFN_SHIFT,
            (raw & XS_P2M_FOREIGN) != 0,
            (raw & XS_P2M_WRITABLE) != 0,
            (raw & XS_P2M_GRANTED) != 0,
            (raw & XS_P2M_SHARED) != 0};
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
  /// Calls fn(domid, page MFN, entry) for each entry, present or not, of each leaf, read from machine memory.
  template <typename Fn>
  void for_each(MemoryPort& memory, Fn fn) const {
    for (const auto& [mfn, page] : pages_)
      for (u64 i = 0; page.level == 1 && i < entries_per_page; ++i)
        fn(page.domid, mfn, HeldP2mEntry::decode(page.first_gfn + i, word(memory, mfn, i)));
  }

 private:
  static u64 word(MemoryPort& memory, u64 mfn, u64 index);
  std::map<u64, Page> pages_;  ///< by MFN
};

}  // namespace xs::observe
