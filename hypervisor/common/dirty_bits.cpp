#include "hypervisor/common/dirty_bits.h"

#include "hypervisor/common/lib.h"
#include "hypervisor/common/mm.h"

namespace hv {

namespace {
constexpr unsigned kLevels = 3, kBitsPerLevel = 9;  // above the groups
constexpr u64 kEntries = 1ull << kBitsPerLevel, kWords = DirtyBits::kGroup / 64;
static_assert(DirtyBits::kGroupShift + kLevels * kBitsPerLevel >= P2m::kLevels * P2m::kBitsPerLevel);

u64* words_at(Mfn mfn) { return static_cast<u64*>(frame_to_virt(mfn)); }

u64 index_at(Gfn gfn, unsigned level) {
  return gfn >> (DirtyBits::kGroupShift + level * kBitsPerLevel) & (kEntries - 1);
}

// Entries hold MFN + 1, so that a frame of zeros is empty.
u64* find_group(const DirtyBits& bits, Gfn gfn) {
  Mfn mfn = bits.root;
  for (unsigned level = kLevels; level-- > 0 && mfn != kInvalidMfn;)
    mfn = words_at(mfn)[index_at(gfn, level)] - 1;
  return mfn == kInvalidMfn ? nullptr : words_at(mfn);
}

// From `gfn` on in what this frame covers; the result is behind that when there is nothing.
Gfn next_below(Mfn mfn, unsigned level, Gfn gfn) {
  if (level == 0) return gfn;
  const unsigned shift = DirtyBits::kGroupShift + (level - 1) * kBitsPerLevel;
  for (u64 i = index_at(gfn, level - 1); i < kEntries; i++) {
    const Gfn end = ((gfn >> shift) + 1) << shift;
    const u64 entry = words_at(mfn)[i];
    const Gfn found = entry == 0 ? end : next_below(entry - 1, level - 1, gfn);
    if (found < end) return found;
    gfn = end;
  }
  return gfn;
}

Mfn new_frame(DirtyBits& bits) {
  if (bits.frames >= bits.frame_limit) return kInvalidMfn;
  const Mfn mfn = alloc_frame();
  if (mfn != kInvalidMfn) bits.frames++;
  return mfn;
}

u64* make_group(DirtyBits& bits, Gfn gfn) {
  if (bits.root == kInvalidMfn) bits.root = new_frame(bits);
  Mfn mfn = bits.root;
  for (unsigned level = kLevels; level-- > 0 && mfn != kInvalidMfn;) {
    u64& entry = words_at(mfn)[index_at(gfn, level)];
    if (entry == 0) entry = new_frame(bits) + 1;
    mfn = entry - 1;
  }
  return mfn == kInvalidMfn ? nullptr : words_at(mfn);
}

u64& word_of(u64* group, Gfn gfn) { return group[(gfn & (DirtyBits::kGroup - 1)) / 64]; }
constexpr u64 bit_of(Gfn gfn) { return 1ull << gfn % 64; }

u64 count_bits(u64 word) {
  u64 count = 0;
  for (; word != 0; word &= word - 1) count++;
  return count;
}

void free_below(Mfn mfn, unsigned level) {
  for (u64 i = 0; level > 0 && i < kEntries; i++)
    if (const u64 entry = words_at(mfn)[i]; entry != 0) free_below(entry - 1, level - 1);
  free_frame(mfn);
}
}  // namespace

DirtySet dirty_set(DirtyBits& bits, Gfn gfn) {
  u64* group = make_group(bits, gfn);
  if (group == nullptr) return DirtySet::no_memory;
  u64& word = word_of(group, gfn);
  if (word & bit_of(gfn)) return DirtySet::was_set;
  word |= bit_of(gfn);
  return DirtySet::is_new;
}

Gfn dirty_next_group(const DirtyBits& bits, Gfn gfn) {
  gfn &= ~(DirtyBits::kGroup - 1);
  return bits.root == kInvalidMfn ? kInvalidMfn : next_below(bits.root, kLevels, gfn);
}

bool dirty_test(const DirtyBits& bits, Gfn gfn) {
  u64* group = find_group(bits, gfn);
  return group != nullptr && (word_of(group, gfn) & bit_of(gfn));
}

u64 dirty_copy(const DirtyBits& bits, Gfn first, u64 count, bool clear, u64* copy) {
  memset(copy, 0, kPageSize);
  u64* group = find_group(bits, first);
  u64 set = 0;
  for (u64 i = 0; group != nullptr && i * 64 < count; i++) {
    const u64 left = count - i * 64;
    copy[i] = group[i] & (left < 64 ? bit_of(left) - 1 : ~0ull);
    if (clear) group[i] &= ~copy[i];
    set += count_bits(copy[i]);
  }
  return set;
}

void dirty_put_back(const DirtyBits& bits, Gfn first, const u64* copy) {
  u64* group = find_group(bits, first);
  for (u64 i = 0; group != nullptr && i < kWords; i++) group[i] |= copy[i];
}

void dirty_free(DirtyBits& bits) {
  if (bits.root != kInvalidMfn) free_below(bits.root, kLevels);
  bits = {};
}

}  // namespace hv
