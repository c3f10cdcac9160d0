// One side (instruction or data) of the TLB: registers that software owns, and a cache that hardware may
// forget.
//
//     TR   translation registers, by slot: stay until they are overwritten or purged
//     TC   translation cache: what itc and the VHPT walker inserted
//            capacity 0   unbounded: until a purge or an overlapping insertion (`fast` fidelity)
//            otherwise    fully associative, the least recently used goes; a TR in use takes one place
//                         (Itanium 2: 128 places, 64 of them can be TRs)
//
// No two translations of one side overlap: an insertion drops the TC entries in its way, and one that would
// overlap a TR is refused, which the core answers with a machine check (SDM vol. 2 4.1.1.3, table 4-1).
#pragma once
#include <bit>
#include <optional>
#include <vector>

#include "sim/mmu/vhpt_ia64/translation_cache.h"

namespace xs::mmu::ia64 {

/// Translations that are no more.
struct Loss {
  static constexpr unsigned everything = 64;
  u64 va = 0;          ///< offset within the region
  unsigned shift = 0;  ///< log2 of the range; `everything` when more than one translation went
  bool any = false;

  void add(u64 at, unsigned page_shift) {
    shift = any ? everything : page_shift;
    va = at;
    any = true;
  }
};

struct TlbSize {
  unsigned registers = 64;
  unsigned cache = 0;  ///< places for TRs and TC together; 0: unbounded
};

/// A translation and where it stands.
struct HeldTranslation {
  Translation page;
  std::optional<unsigned> slot;  ///< of a TR; none: TC
};

class Tlb {
 public:
  explicit Tlb(TlbSize size);

  /// Null: no translation. Valid until the next call that changes the TLB.
  const Translation* find(u32 rid, u64 va) {
    va &= region_offset_mask;
    if (const Translation* t = in_register(rid, va)) return t;
    const TranslationCache::Entry* c = cached(rid, va);
    if (!c) return nullptr;
    c->used = ++clock_;
    return &c->translation;
  }
  /// The same without an effect on what is forgotten next.
  const Translation* peek(u32 rid, u64 va) const;
  std::optional<HeldTranslation> held(u32 rid, u64 va) const;
  /// No TR is in its way.
  bool would_insert(const Translation& t) const;

  /// False: overlaps a TR (of another slot).
  bool insert_register(unsigned slot, const Translation& t);
  bool insert_cached(const Translation& t);
  unsigned registers() const { return static_cast<unsigned>(registers_.size()); }

  /// Drops TC entries that overlap [va, va + 2^shift); false when a TR overlaps it, too, which stays.
  bool purge_cached(u32 rid, u64 va, unsigned shift);
  /// Drops TRs and TC entries that overlap it.
  void purge_registers(u32 rid, u64 va, unsigned shift);
  void purge_all_cached();

  /// A translation, present, with rights for code at a level above 0 if `user_only`, maps the frame.
  bool maps_frame(u64 mfn, bool user_only) const;
  template <class Function>
  void for_each(Function function) const {
    for (const unsigned slot : registers_in_use_) function(*registers_[slot]);
    cache_.for_each([&](const TranslationCache::Entry& e) { function(e.translation); });
  }
  std::vector<HeldTranslation> list() const;
  /// What went since the last call, for whatever reason: copies kept elsewhere may be stale.
  Loss take_lost();
  bool has_lost() const { return lost_.any; }

 private:
  const Translation* in_register(u32 rid, u64 va) const {
    for (const unsigned slot : registers_in_use_)
      if (registers_[slot]->covers(rid, va)) return &*registers_[slot];
    return nullptr;
  }
  const TranslationCache::Entry* cached(u32 rid, u64 va) const {
    for (u64 left = shifts_; left != 0; left &= left - 1)
      if (const auto* entry = cache_.find(rid, va, static_cast<u8>(std::countr_zero(left)))) return entry;
    return nullptr;
  }
  const Translation* overlapping_register(u32 rid, u64 va, unsigned shift, unsigned except) const;
  void drop_overlapping(u32 rid, u64 va, unsigned shift);
  void drop(u32 rid, u64 va, u8 shift);
  void drop_among_all(u32 rid, u64 va, unsigned shift, u8 page_shift);
  void make_room();

  TlbSize size_;
  std::vector<std::optional<Translation>> registers_;
  std::vector<unsigned> registers_in_use_;
  TranslationCache cache_;
  u32 count_[64] = {};  ///< TC entries of each page size
  u64 shifts_ = 0;      ///< page sizes with entries
  u64 clock_ = 0;
  Loss lost_;
};

}  // namespace xs::mmu::ia64
