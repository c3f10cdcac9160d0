#include "sim/mmu/walk_x86/walk_cache.h"

#include <algorithm>

namespace xs::mmu::x86 {

const WalkCache::Slot* WalkCache::slot(u64 tag) const {
  for (std::size_t i = 0; i < live_; ++i)
    if (slots_[i].tag == tag) return &slots_[i];
  return nullptr;
}

const TableRef* WalkCache::find(u64 tag) {
  Slot* const found = slot(tag);
  if (found == nullptr) return nullptr;
  found->used = ++clock_;
  return &found->table;
}

const TableRef* WalkCache::peek(u64 tag) const {
  const Slot* const found = slot(tag);
  return found == nullptr ? nullptr : &found->table;
}

void WalkCache::insert(u64 tag, const TableRef& table) {
  if (slots_.empty()) return;
  Slot* victim = slot(tag);
  if (victim == nullptr && live_ < slots_.size()) victim = &slots_[live_++];
  if (victim == nullptr) {
    const auto older = [](const Slot& a, const Slot& b) { return a.used < b.used; };
    victim = &*std::min_element(slots_.begin(), slots_.end(), older);
  }
  *victim = Slot{tag, ++clock_, table};
}

void WalkCache::drop(u64 tag) {
  if (Slot* const found = slot(tag)) *found = slots_[--live_];
}

}  // namespace xs::mmu::x86
