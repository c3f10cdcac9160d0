// A hash map from u64 whose clear() costs nothing: flushing a TLB must not cost time in proportion to what
// it holds, because guests flush at every address-space switch.
//
//     slots_  [ key | stamp | value ] [ ... ]      power-of-two, open addressing, linear probing
//     a slot is occupied when its stamp equals stamp_; clear() moves stamp_ on
//
// Iteration is not offered: nothing may depend on an order that hashing made.
#pragma once
#include <utility>
#include <vector>

#include "sim/core/types.h"

namespace xs::mmu {

template <typename Value>
class StampMap {
 public:
  Value* find(u64 key) {
    const std::size_t i = probe(key);
    return occupied(i) ? &slots_[i].value : nullptr;
  }
  const Value* find(u64 key) const { return const_cast<StampMap*>(this)->find(key); }

  /// The value for `key`, created when absent. Pointers into the map become invalid.
  Value& at(u64 key) {
    std::size_t i = probe(key);
    if (occupied(i)) return slots_[i].value;
    if (2 * (size_ + 1) > slots_.size()) {
      grow();
      i = probe(key);
    }
    ++size_;
    slots_[i] = Slot{key, stamp_, Value{}};
    return slots_[i].value;
  }

  /// Backward-shift deletion: probe sequences stay without holes, so no tombstones pile up.
  void erase(u64 key) {
    std::size_t hole = probe(key);
    if (!occupied(hole)) return;
    for (std::size_t i = next(hole); occupied(i); i = next(i)) {
      const std::size_t from_home = (i - home(slots_[i].key)) & mask();
      const std::size_t from_hole = (i - hole) & mask();
      if (from_home < from_hole) continue;
      slots_[hole] = std::move(slots_[i]);
      hole = i;
    }
    slots_[hole].stamp = 0;
    --size_;
  }

  void clear() {
    size_ = 0;
    if (++stamp_ != 0) return;
    for (Slot& slot : slots_) slot.stamp = 0;  // the stamp wrapped: once in 2^32 flushes
    stamp_ = 1;
  }

  std::size_t size() const { return size_; }
  template <typename Fn>
  void for_each(Fn fn) const {
    for (std::size_t i = 0; i < slots_.size(); ++i)
      if (occupied(i)) fn(slots_[i].value);
  }

 private:
  struct Slot {
    u64 key = 0;
    u32 stamp = 0;
    Value value{};
  };

  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t next(std::size_t i) const { return (i + 1) & mask(); }
  bool occupied(std::size_t i) const { return slots_[i].stamp == stamp_; }
  /// Fibonacci hashing: page numbers differ in their low bits, the product's high bits mix them.
  std::size_t home(u64 key) const { return (key * 0x9e3779b97f4a7c15u >> 20) & mask(); }

  std::size_t probe(u64 key) const {
    std::size_t i = home(key);
    while (occupied(i) && slots_[i].key != key) i = next(i);
    return i;
  }

  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (Slot& slot : old) {
      if (slot.stamp == stamp_) slots_[probe(slot.key)] = std::move(slot);
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(64);
  u32 stamp_ = 1;
  std::size_t size_ = 0;
};

}  // namespace xs::mmu
