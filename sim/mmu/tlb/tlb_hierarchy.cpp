#include "sim/mmu/tlb/tlb_hierarchy.h"

#include <algorithm>

namespace xs::mmu {

TlbHierarchy::TlbHierarchy(const TlbGeometry& g)
    : l1i_4k_(g.l1i_4k.entries, g.l1i_4k.ways),
      l1i_2m_(g.l1i_2m.entries, g.l1i_2m.ways),
      l1d_4k_(g.l1d_4k.entries, g.l1d_4k.ways),
      l1d_2m_(g.l1d_2m.entries, g.l1d_2m.ways),
      l1d_1g_(g.l1d_1g.entries, g.l1d_1g.ways),
      l2_4k2m_(g.l2_4k2m.entries, g.l2_4k2m.ways),
      l2_1g_(g.l2_1g.entries, g.l2_1g.ways) {}

const TlbEntry* TlbHierarchy::find_first(u64 va, bool fetch, TlbMark& mark) {
  if (const TlbEntry* e = (fetch ? l1i_4k_ : l1d_4k_).find(va, 12, &mark)) return e;
  if (const TlbEntry* e = (fetch ? l1i_2m_ : l1d_2m_).find(va, 21, &mark)) return e;
  return fetch ? nullptr : l1d_1g_.find(va, 30, &mark);
}

const TlbEntry* TlbHierarchy::find_second(u64 va) {
  if (const TlbEntry* e = l2_4k2m_.find(va, 12)) return e;
  if (const TlbEntry* e = l2_4k2m_.find(va, 21)) return e;
  return l2_1g_.find(va, 30);
}

TlbLookup TlbHierarchy::find(u64 va, bool fetch) {
  TlbMark mark;
  if (const TlbEntry* entry = find_first(va, fetch, mark)) return {entry, TlbLevel::first, mark};
  const TlbEntry* entry = find_second(va);
  if (entry == nullptr) return {};
  insert_first(*entry, va, fetch);
  return {entry, TlbLevel::second, {}};
}

const TlbEntry* TlbHierarchy::peek_second(u64 va) const {
  if (const TlbEntry* e = l2_4k2m_.peek(va, 12)) return e;
  if (const TlbEntry* e = l2_4k2m_.peek(va, 21)) return e;
  return l2_1g_.peek(va, 30);
}

const TlbEntry* TlbHierarchy::peek(u64 va, bool fetch) const {
  if (const TlbEntry* e = (fetch ? l1i_4k_ : l1d_4k_).peek(va, 12)) return e;
  if (const TlbEntry* e = (fetch ? l1i_2m_ : l1d_2m_).peek(va, 21)) return e;
  if (!fetch)
    if (const TlbEntry* e = l1d_1g_.peek(va, 30)) return e;
  return peek_second(va);
}

/// A page larger than the biggest array of its side is held in pieces of that array's size.
void TlbHierarchy::insert_first(const TlbEntry& entry, u64 va, bool fetch) {
  SetAssociativeTlb& small = fetch ? l1i_4k_ : l1d_4k_;
  SetAssociativeTlb& large = fetch ? l1i_2m_ : l1d_2m_;
  u64 replaced = 0;
  bool replaces = false;
  if (entry.shift >= 30 && !fetch && !l1d_1g_.absent()) {
    replaces = l1d_1g_.insert(entry, va, 30, &replaced);
  } else if (entry.shift >= 21 && !large.absent()) {
    replaces = large.insert(entry, va, 21, &replaced);
  } else {
    replaces = small.insert(entry, va, 12, &replaced);
  }
  if (replaces && peek_second(replaced) == nullptr) lost_ = true;
}

void TlbHierarchy::insert(const TlbEntry& entry, u64 va, bool fetch) {
  if (entry.shift == 30) {
    lost_ |= l2_1g_.insert(entry, va, 30);
  } else {
    lost_ |= l2_4k2m_.insert(entry, va, entry.shift);
  }
  insert_first(entry, va, fetch);
}

void TlbHierarchy::drop_for_refill(u64 va, bool fetch) {
  for (SetAssociativeTlb* array : all_) {
    const bool instruction_side = array == &l1i_4k_ || array == &l1i_2m_;
    const bool shared = array == &l2_4k2m_ || array == &l2_1g_;
    if (shared || instruction_side == fetch) array->drop_page(va);
  }
}

unsigned TlbHierarchy::drop_page(u64 va) {
  unsigned largest = 0;
  for (SetAssociativeTlb* array : all_) largest = std::max(largest, array->drop_page(va));
  return largest;
}

void TlbHierarchy::drop_nonglobal() {
  for (SetAssociativeTlb* array : all_) array->drop_nonglobal();
}

void TlbHierarchy::clear() {
  for (SetAssociativeTlb* array : all_) array->clear();
}

bool TlbHierarchy::maps_frame(u64 mfn, bool user_only) const {
  for (const SetAssociativeTlb* array : all_) {
    if (array->maps_frame(mfn, user_only)) return true;
  }
  return false;
}

std::vector<TlbSlot> TlbHierarchy::list() const {
  static constexpr const char* names[] = {"L1I 4K", "L1I 2M",   "L1D 4K", "L1D 2M",
                                          "L1D 1G", "L2 4K+2M", "L2 1G"};
  static_assert(std::size(names) == std::size(decltype(all_){}));
  std::vector<TlbSlot> out;
  for (std::size_t i = 0; i < std::size(names); ++i) all_[i]->list(names[i], out);
  return out;
}

}  // namespace xs::mmu
