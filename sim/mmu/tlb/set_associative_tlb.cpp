#include "sim/mmu/tlb/set_associative_tlb.h"

#include <algorithm>

#include <bit>

#include "sim/core/error.h"

namespace xs::mmu {

SetAssociativeTlb::SetAssociativeTlb(u32 entries, u32 ways) : slots_(entries), ways_(ways) {
  if (entries == 0) return;
  if (ways == 0 || entries % ways != 0) {
    throw Error("TLB geometry: " + std::to_string(ways) + " ways do not divide " + std::to_string(entries) +
                " entries");
  }
  sets_ = entries / ways;
  sets_mask_ = std::has_single_bit(sets_) ? sets_ - 1 : 0;
}

const SetAssociativeTlb::Slot* SetAssociativeTlb::match(u64 tag, unsigned tag_shift) const {
  if (absent()) return nullptr;
  const Slot* set = &slots_[set_of(tag)];
  for (u32 way = 0; way < ways_; ++way) {
    const Slot& slot = set[way];
    if (slot.used != 0 && slot.tag == tag && slot.tag_shift == tag_shift) return &slot;
  }
  return nullptr;
}

const TlbEntry* SetAssociativeTlb::find(u64 va, unsigned tag_shift, TlbMark* mark) {
  Slot* slot = match(va >> tag_shift, tag_shift);
  if (slot == nullptr) return nullptr;
  slot->used = ++clock_;
  if (mark != nullptr) *mark = {&slot->used, &clock_};
  return &slot->entry;
}

const TlbEntry* SetAssociativeTlb::peek(u64 va, unsigned tag_shift) const {
  const Slot* slot = match(va >> tag_shift, tag_shift);
  return slot == nullptr ? nullptr : &slot->entry;
}

bool SetAssociativeTlb::insert(const TlbEntry& entry, u64 va, unsigned tag_shift, u64* replaced) {
  if (absent()) return false;
  bool replaces = false;
  const u64 tag = va >> tag_shift;
  Slot* victim = match(tag, tag_shift);
  if (victim == nullptr) {
    Slot* set = &slots_[set_of(tag)];
    victim = set;
    for (u32 way = 1; way < ways_; ++way) {
      if (set[way].used < victim->used) victim = &set[way];
    }
    replaces = victim->used != 0;
    if (replaced != nullptr) *replaced = victim->tag << victim->tag_shift;
  }
  *victim = Slot{tag, ++clock_, static_cast<u8>(tag_shift), entry};
  if (tag_shift < entry.shift) has_pieces_ = true;
  return replaces;
}

unsigned SetAssociativeTlb::drop_tagged(u64 va) {
  unsigned largest = 0;
  for (unsigned tag_shift : {12u, 21u, 30u}) {
    Slot* const slot = match(va >> tag_shift, tag_shift);
    if (slot == nullptr) continue;
    slot->used = 0;
    largest = std::max<unsigned>(largest, slot->entry.shift);
  }
  return largest;
}

unsigned SetAssociativeTlb::drop_page(u64 va) {
  if (!has_pieces_) return drop_tagged(va);
  unsigned largest = 0;
  for (Slot& slot : slots_) {
    if (slot.used == 0 || !slot.entry.covers(va)) continue;
    slot.used = 0;
    largest = std::max<unsigned>(largest, slot.entry.shift);
  }
  return largest;
}

void SetAssociativeTlb::drop_nonglobal() {
  for (Slot& slot : slots_) {
    if (!slot.entry.global) slot.used = 0;
  }
}

void SetAssociativeTlb::clear() {
  for (Slot& slot : slots_) slot.used = 0;
  has_pieces_ = false;
}

bool SetAssociativeTlb::maps_frame(u64 mfn, bool user_only) const {
  const u64 pa = mfn << frame_shift;
  for (const Slot& slot : slots_) {
    if (slot.used == 0 || (user_only && !slot.entry.user)) continue;
    const u64 piece = slot.entry.translate((slot.tag << slot.tag_shift));
    if ((pa ^ piece) >> slot.tag_shift == 0) return true;
  }
  return false;
}

void SetAssociativeTlb::list(const char* name, std::vector<TlbSlot>& out) const {
  for (const Slot& slot : slots_)
    if (slot.used != 0) out.push_back({slot.entry, name, slot.tag << slot.tag_shift, slot.tag_shift});
}

}  // namespace xs::mmu
