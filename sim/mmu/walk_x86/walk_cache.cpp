#include "sim/mmu/walk_x86/walk_cache.h"

#include <algorithm>

namespace xs::mmu::x86 {

const TableRef* WalkCache::find(u64 tag) {
  for (Slot& slot : slots_) {
    if (slot.used == 0 || slot.tag != tag) continue;
    slot.used = ++clock_;
    return &slot.table;
  }
  return nullptr;
}

void WalkCache::insert(u64 tag, const TableRef& table) {
  if (slots_.empty()) return;
  auto same = [tag](const Slot& slot) { return slot.used != 0 && slot.tag == tag; };
  auto victim = std::find_if(slots_.begin(), slots_.end(), same);
  if (victim == slots_.end()) {
    auto older = [](const Slot& a, const Slot& b) { return a.used < b.used; };
    victim = std::min_element(slots_.begin(), slots_.end(), older);
  }
  *victim = Slot{tag, ++clock_, table};
}

void WalkCache::drop(u64 tag) {
  for (Slot& slot : slots_) {
    if (slot.tag == tag) slot.used = 0;
  }
}

}  // namespace xs::mmu::x86
