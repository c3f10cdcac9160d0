#include "sim/mmu/walk_x86/walk_cache.h"

namespace xs::mmu::x86 {

const TableRef* WalkCache::find(u64 tag) {
  for (Slot& slot : slots_) {
    if (slot.tag != tag || slot.used <= cleared_) continue;
    slot.used = ++clock_;
    return &slot.table;
  }
  return nullptr;
}

void WalkCache::insert(u64 tag, const TableRef& table) {
  if (slots_.empty()) return;
  Slot* victim = slots_.data();
  for (Slot& slot : slots_) {
    if (slot.used < victim->used) victim = &slot;
    if (slot.tag != tag || slot.used <= cleared_) continue;
    victim = &slot;
    break;
  }
  *victim = Slot{tag, ++clock_, table};
}

void WalkCache::drop(u64 tag) {
  for (Slot& slot : slots_) {
    if (slot.tag == tag) slot.used = 0;
  }
}

}  // namespace xs::mmu::x86
