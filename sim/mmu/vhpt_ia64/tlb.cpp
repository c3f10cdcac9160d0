#include "sim/mmu/vhpt_ia64/tlb.h"

#include <algorithm>
#include <bit>

namespace xs::mmu::ia64 {

namespace {

constexpr unsigned no_slot = ~0u;

bool overlap(const Translation& t, u32 rid, u64 va, unsigned shift) {
  return t.rid == rid && (t.va ^ va) >> std::max<unsigned>(t.page_shift, shift) == 0;
}

bool maps(const Translation& t, u64 mfn, bool user_only) {
  if (!t.present || (user_only && !t.above_level_0())) return false;
  return mfn << frame_shift >= t.pa && (mfn << frame_shift) - t.pa < u64{1} << t.page_shift;
}

}  // namespace

Tlb::Tlb(TlbSize size) : size_(size), registers_(size.registers) {}

const Translation* Tlb::peek(u32 rid, u64 va) const {
  va &= region_offset_mask;
  if (const Translation* t = in_register(rid, va)) return t;
  const TranslationCache::Entry* c = cached(rid, va);
  return c ? &c->translation : nullptr;
}

std::optional<HeldTranslation> Tlb::held(u32 rid, u64 va) const {
  for (const unsigned slot : registers_in_use_)
    if (registers_[slot]->covers(rid, va & region_offset_mask))
      return HeldTranslation{*registers_[slot], slot};
  const Translation* t = peek(rid, va);
  return t ? std::optional(HeldTranslation{*t, std::nullopt}) : std::nullopt;
}

std::vector<HeldTranslation> Tlb::list() const {
  std::vector<HeldTranslation> all;
  all.reserve(registers_in_use_.size() + cache_.size());
  for (const unsigned slot : registers_in_use_) all.push_back({*registers_[slot], slot});
  cache_.for_each([&](const TranslationCache::Entry& e) { all.push_back({e.translation, std::nullopt}); });
  return all;
}

bool Tlb::would_insert(const Translation& t) const {
  return overlapping_register(t.rid, t.va, t.page_shift, no_slot) == nullptr;
}

const Translation* Tlb::overlapping_register(u32 rid, u64 va, unsigned shift, unsigned except) const {
  for (const unsigned slot : registers_in_use_)
    if (slot != except && overlap(*registers_[slot], rid, va, shift)) return &*registers_[slot];
  return nullptr;
}

bool Tlb::insert_register(unsigned slot, const Translation& t) {
  if (overlapping_register(t.rid, t.va, t.page_shift, slot)) return false;
  drop_overlapping(t.rid, t.va, t.page_shift);
  if (!registers_[slot])
    registers_in_use_.push_back(slot);
  else
    lost_.add(registers_[slot]->va, registers_[slot]->page_shift);
  registers_[slot] = t;
  make_room();
  return true;
}

bool Tlb::insert_cached(const Translation& t) {
  if (overlapping_register(t.rid, t.va, t.page_shift, no_slot)) return false;
  drop_overlapping(t.rid, t.va, t.page_shift);
  cache_.insert(t, ++clock_);
  if (count_[t.page_shift]++ == 0) shifts_ |= u64{1} << t.page_shift;
  make_room();
  return true;
}

void Tlb::drop(u32 rid, u64 va, u8 shift) {
  if (!cache_.erase(rid, va, shift)) return;
  lost_.add(va >> shift << shift, shift);
  if (--count_[shift] == 0) shifts_ &= ~(u64{1} << shift);
}

void Tlb::drop_among_all(u32 rid, u64 va, unsigned shift, u8 page_shift) {
  const std::size_t size_before = cache_.size();
  cache_.erase_if([&](const TranslationCache::Entry& e) {
    return e.translation.page_shift == page_shift && overlap(e.translation, rid, va, shift);
  });
  if (size_before == cache_.size()) return;
  lost_.add(0, Loss::everything);
  count_[page_shift] -= static_cast<u32>(size_before - cache_.size());
  if (count_[page_shift] == 0) shifts_ &= ~(u64{1} << page_shift);
}

/// Larger pages hold the range: one each at most. Smaller ones lie in it: looked for singly, or among all,
/// whichever is less.
void Tlb::drop_overlapping(u32 rid, u64 va, unsigned shift) {
  va &= region_offset_mask;
  for (u64 left = shifts_; left != 0; left &= left - 1) {
    const u8 s = static_cast<u8>(std::countr_zero(left));
    if (s >= shift) {
      drop(rid, va, s);
      continue;
    }
    const u64 pages = u64{1} << (shift - s), first = va >> shift << shift;
    if (pages > cache_.size())
      drop_among_all(rid, va, shift, s);
    else
      for (u64 page = 0; page < pages; ++page) drop(rid, first + (page << s), s);
  }
}

void Tlb::make_room() {
  if (size_.cache == 0) return;
  const std::size_t places = size_.cache - std::min<std::size_t>(registers_in_use_.size(), size_.cache - 1);
  while (cache_.size() > places) {
    const TranslationCache::Entry* oldest = nullptr;
    cache_.for_each([&](const TranslationCache::Entry& e) {
      if (!oldest || e.used < oldest->used) oldest = &e;
    });
    const Translation t = oldest->translation;
    drop(t.rid, t.va, t.page_shift);
  }
}

bool Tlb::purge_cached(u32 rid, u64 va, unsigned shift) {
  drop_overlapping(rid, va, shift);
  return !overlapping_register(rid, va & region_offset_mask, shift, no_slot);
}

void Tlb::purge_registers(u32 rid, u64 va, unsigned shift) {
  drop_overlapping(rid, va, shift);
  std::erase_if(registers_in_use_, [&](unsigned slot) {
    if (!overlap(*registers_[slot], rid, va & region_offset_mask, shift)) return false;
    lost_.add(registers_[slot]->va, registers_[slot]->page_shift);
    registers_[slot].reset();
    return true;
  });
}

void Tlb::purge_all_cached() {
  if (cache_.size() != 0) lost_.add(0, Loss::everything);
  cache_.clear();
  std::fill(std::begin(count_), std::end(count_), 0u);
  shifts_ = 0;
}

bool Tlb::maps_frame(u64 mfn, bool user_only) const {
  for (const unsigned slot : registers_in_use_)
    if (maps(*registers_[slot], mfn, user_only)) return true;
  bool found = false;
  cache_.for_each([&](const TranslationCache::Entry& e) { found |= maps(e.translation, mfn, user_only); });
  return found;
}

Loss Tlb::take_lost() {
  const Loss lost = lost_;
  lost_ = {};
  return lost;
}

}  // namespace xs::mmu::ia64
