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

const Tlb::Cached* Tlb::cached(u32 rid, u64 va) const {
  for (u64 left = shifts_; left != 0; left &= left - 1) {
    const u8 shift = static_cast<u8>(std::countr_zero(left));
    const auto at = cache_.find({va >> shift, rid, shift});
    if (at != cache_.end()) return &at->second;
  }
  return nullptr;
}

const Translation* Tlb::peek(u32 rid, u64 va) const {
  va &= region_offset_mask;
  for (const unsigned slot : registers_in_use_)
    if (registers_[slot]->covers(rid, va)) return &*registers_[slot];
  const Cached* c = cached(rid, va);
  return c ? &c->translation : nullptr;
}

const Translation* Tlb::find(u32 rid, u64 va) {
  va &= region_offset_mask;
  for (const unsigned slot : registers_in_use_)
    if (registers_[slot]->covers(rid, va)) return &*registers_[slot];
  const Cached* c = cached(rid, va);
  if (!c) return nullptr;
  c->used = ++clock_;
  return &c->translation;
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
  const Key key{t.va >> t.page_shift, t.rid, t.page_shift};
  if (spare_) {
    spare_.key() = key;
    spare_.mapped() = {t, ++clock_};
    cache_.insert(std::move(spare_));
  } else {
    cache_[key] = {t, ++clock_};
  }
  if (count_[t.page_shift]++ == 0) shifts_ |= u64{1} << t.page_shift;
  make_room();
  return true;
}

void Tlb::drop(const Key& key) {
  auto node = cache_.extract(key);
  if (!node) return;
  spare_ = std::move(node);
  lost_.add(key.page << key.shift, key.shift);
  if (--count_[key.shift] == 0) shifts_ &= ~(u64{1} << key.shift);
}

/// Larger pages hold the range: one each at most. Smaller ones lie in it: looked for singly, or among all,
/// whichever is less.
void Tlb::drop_overlapping(u32 rid, u64 va, unsigned shift) {
  va &= region_offset_mask;
  for (u64 left = shifts_; left != 0; left &= left - 1) {
    const u8 s = static_cast<u8>(std::countr_zero(left));
    const u64 pages = s >= shift ? 1 : u64{1} << (shift - s);
    if (pages <= cache_.size()) {
      const u64 first = s >= shift ? va >> s : va >> shift << (shift - s);
      for (u64 page = first; page < first + pages; ++page) drop({page, rid, s});
    } else {
      const u64 size_before = cache_.size();
      std::erase_if(cache_, [&](const auto& e) {
        return e.first.shift == s && overlap(e.second.translation, rid, va, shift);
      });
      count_[s] -= static_cast<u32>(size_before - cache_.size());
      if (size_before != cache_.size()) lost_.add(0, Loss::everything);
      if (count_[s] == 0) shifts_ &= ~(u64{1} << s);
    }
  }
}

void Tlb::make_room() {
  if (size_.cache == 0) return;
  const std::size_t places = size_.cache - std::min<std::size_t>(registers_in_use_.size(), size_.cache - 1);
  while (cache_.size() > places) {
    const auto oldest = std::min_element(cache_.begin(), cache_.end(), [](const auto& a, const auto& b) {
      return a.second.used < b.second.used;
    });
    drop(Key(oldest->first));
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
  if (!cache_.empty()) lost_.add(0, Loss::everything);
  cache_.clear();
  std::fill(std::begin(count_), std::end(count_), 0u);
  shifts_ = 0;
}

bool Tlb::maps_frame(u64 mfn, bool user_only) const {
  for (const unsigned slot : registers_in_use_)
    if (maps(*registers_[slot], mfn, user_only)) return true;
  return std::any_of(cache_.begin(), cache_.end(),
                     [&](const auto& e) { return maps(e.second.translation, mfn, user_only); });
}

Loss Tlb::take_lost() {
  const Loss lost = lost_;
  lost_ = {};
  return lost;
}

}  // namespace xs::mmu::ia64
