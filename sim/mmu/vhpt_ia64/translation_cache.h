// The translations of a TC by page: a hash table with open addressing, in one piece of memory. A TLB miss is
// a purge, an insertion and some lookups; each looks at one line of the host's cache, and none allocates.
//
//     entries   [ - | t | t | - | - | t | ... ]    a power of two, at most half of them in use; page size 0:
//     free
//               a translation stands at the place of its hash or behind it, with no free entry between
#pragma once
#include <vector>

#include "sim/mmu/vhpt_ia64/translation.h"

namespace xs::mmu::ia64 {

class TranslationCache {
 public:
  struct Entry {
    Translation translation{.page_shift = 0};
    mutable u64 used = 0;  ///< when last
  };

  /// The page of 2^shift bytes that holds `va`, an offset within its region; null: not there.
  const Entry* find(u32 rid, u64 va, u8 shift) const {
    const u64 page = va >> shift << shift;
    for (std::size_t at = place(rid, page, shift);; at = next(at)) {
      const Translation& t = entries_[at].translation;
      if (t.va == page && t.rid == rid && t.page_shift == shift) return &entries_[at];
      if (t.page_shift == 0) return nullptr;
    }
  }
  /// One that is not there.
  void insert(const Translation& t, u64 used) {
    if (2 * ++size_ > entries_.size()) [[unlikely]]
      grow();
    put({t, used});
  }
  /// False: it was not there.
  bool erase(u32 rid, u64 va, u8 shift) {
    const Entry* entry = find(rid, va, shift);
    if (!entry) return false;
    close_gap(static_cast<std::size_t>(entry - entries_.data()));
    --size_;
    return true;
  }
  template <class Condition>
  void erase_if(Condition condition) {
    std::vector<Entry> all(entries_.size());
    all.swap(entries_);
    size_ = 0;
    for (const Entry& e : all)
      if (e.translation.page_shift != 0 && !condition(e)) insert(e.translation, e.used);
  }
  template <class Function>
  void for_each(Function function) const {
    for (const Entry& e : entries_)
      if (e.translation.page_shift != 0) function(e);
  }
  std::size_t size() const { return size_; }
  void clear() {
    if (size_ != 0) entries_.assign(smallest, Entry{});
    size_ = 0;
  }

 private:
  static constexpr std::size_t smallest = 256;

  std::size_t place(u32 rid, u64 page, u8 shift) const {
    const u64 mixed = (page ^ u64{rid} << 40 ^ shift) * 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(mixed >> 32) & (entries_.size() - 1);
  }
  std::size_t place(const Translation& t) const { return place(t.rid, t.va, t.page_shift); }
  std::size_t next(std::size_t at) const { return (at + 1) & (entries_.size() - 1); }
  void put(const Entry& e) {
    std::size_t at = place(e.translation);
    while (entries_[at].translation.page_shift != 0) at = next(at);
    entries_[at] = e;
  }
  void grow() {
    std::vector<Entry> all(2 * entries_.size());
    all.swap(entries_);
    for (const Entry& e : all)
      if (e.translation.page_shift != 0) put(e);
  }
  /// Entries behind the gap that could stand in it move there.
  void close_gap(std::size_t gap) {
    const std::size_t mask = entries_.size() - 1;
    for (std::size_t at = next(gap); entries_[at].translation.page_shift != 0; at = next(at)) {
      const std::size_t home = place(entries_[at].translation);
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      entries_[gap] = entries_[at];
      gap = at;
    }
    entries_[gap].translation.page_shift = 0;
  }

  std::vector<Entry> entries_ = std::vector<Entry>(smallest);
  std::size_t size_ = 0;
};

}  // namespace xs::mmu::ia64
