// The TLBs of one core with their geometry: what `exact` fidelity models.
//
//     fetch ─► L1I  4K | 2M            read, write ─► L1D  4K | 2M | 1G
//                   │ miss                                │ miss
//                   └──────────► L2  4K+2M | 1G ◄─────────┘
//                                     │ miss ─► walk, then insert into L2 and the asking L1
//
// No inclusion is kept between the levels: an L1 entry may outlive its copy in L2.
#pragma once
#include <utility>

#include "sim/mmu/mmu.h"
#include "sim/mmu/tlb/set_associative_tlb.h"

namespace xs::mmu {

class TlbHierarchy final : public TlbModel {
 public:
  explicit TlbHierarchy(const TlbGeometry& geometry);

  TlbLookup find(u64 va, bool fetch) override;  ///< a second-level hit is copied into the first level
  const TlbEntry* peek(u64 va, bool fetch) const override;
  void insert(const TlbEntry& entry, u64 va, bool fetch) override;
  void drop_for_refill(u64 va, bool fetch) override;
  unsigned drop_page(u64 va) override;
  void drop_nonglobal() override;
  void clear() override;
  bool maps_frame(u64 mfn,
                  bool user_only = false) const override;  ///< scans every array: about 2000 slots by default
  std::vector<TlbSlot> list() const override;
  bool take_lost() override { return std::exchange(lost_, false); }

 private:
  const TlbEntry* find_first(u64 va, bool fetch, TlbMark& mark);
  const TlbEntry* find_second(u64 va);
  void insert_first(const TlbEntry& entry, u64 va, bool fetch);
  const TlbEntry* peek_second(u64 va) const;

  SetAssociativeTlb l1i_4k_, l1i_2m_;
  SetAssociativeTlb l1d_4k_, l1d_2m_, l1d_1g_;
  SetAssociativeTlb l2_4k2m_, l2_1g_;
  bool lost_ = false;
  SetAssociativeTlb* const all_[7] = {&l1i_4k_, &l1i_2m_, &l1d_4k_, &l1d_2m_, &l1d_1g_, &l2_4k2m_, &l2_1g_};
};

}  // namespace xs::mmu
