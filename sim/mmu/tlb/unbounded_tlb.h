// A TLB that never evicts: an entry lives until it is invalidated. Used by `fast` fidelity, where only the
// architecture's rules, not a geometry, decide when a translation is asked for again.
//
//     global_ / nonglobal_    two halves, so that each kind of flush is one clear()
//       pages    page number and size ──► TlbEntry
//       frames   frame number and size ──► how many entries of `pages` map it, how many for user code
//                (reverse map)
//
// Every operation takes constant time: at most 2 halves x 3 page sizes hash probes.
#pragma once
#include "sim/mmu/tlb/stamp_map.h"
#include "sim/mmu/tlb/tlb_model.h"

namespace xs::mmu {

class UnboundedTlb final : public TlbModel {
 public:
  TlbLookup find(u64 va, bool fetch) override;
  const TlbEntry* peek(u64 va, bool fetch) const override;
  void insert(const TlbEntry& entry, u64 va, bool fetch) override;
  void drop_for_refill(u64 va, bool fetch) override;
  unsigned drop_page(u64 va) override;
  void drop_nonglobal() override;
  void clear() override;
  bool maps_frame(u64 mfn, bool user_only = false) const override;
  std::vector<TlbSlot> list() const override;

 private:
  static constexpr unsigned sizes = 3;

  struct Uses {
    u32 all = 0, user = 0;
  };
  struct Half {
    StampMap<TlbEntry> pages;
    StampMap<Uses> frames;
    u32 count[sizes] = {};  ///< entries per page size: sizes not in use cost no probe

    const TlbEntry* find(u64 va) const;
    void insert(const TlbEntry& entry);
    bool erase(u64 va, unsigned size);
    void clear();
    bool maps_frame(u64 mfn, bool user_only) const;
  };

  Half global_, nonglobal_;
};

}  // namespace xs::mmu
