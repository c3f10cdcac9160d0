#include "sim/mmu/tlb/unbounded_tlb.h"

namespace xs::mmu {
namespace {

/// 4 KiB, 2 MiB, 1 GiB; the index is the size code in a key.
constexpr unsigned shifts[] = {12, 21, 30};

unsigned size_code(unsigned shift) { return (shift - 12) / 9; }
u64 key_of(u64 address, unsigned code) { return (address >> shifts[code]) << 2 | code; }

}  // namespace

const TlbEntry* UnboundedTlb::Half::find(u64 va) const {
  for (unsigned code = 0; code < sizes; ++code) {
    if (count[code] == 0) continue;
    if (const TlbEntry* entry = pages.find(key_of(va, code))) return entry;
  }
  return nullptr;
}

void UnboundedTlb::Half::insert(const TlbEntry& entry) {
  const unsigned code = size_code(entry.shift);
  erase(entry.va, code);
  pages.at(key_of(entry.va, code)) = entry;
  Uses& uses = frames.at(key_of(entry.pa, code));
  ++uses.all;
  uses.user += entry.user;
  ++count[code];
}

bool UnboundedTlb::Half::erase(u64 va, unsigned code) {
  if (count[code] == 0) return false;
  const u64 key = key_of(va, code);
  const TlbEntry* entry = pages.find(key);
  if (entry == nullptr) return false;
  const u64 frame_key = key_of(entry->pa, code);
  Uses& uses = frames.at(frame_key);
  uses.user -= entry->user;
  if (--uses.all == 0) frames.erase(frame_key);
  pages.erase(key);
  --count[code];
  return true;
}

void UnboundedTlb::Half::clear() {
  pages.clear();
  frames.clear();
  for (u32& n : count) n = 0;
}

bool UnboundedTlb::Half::maps_frame(u64 mfn, bool user_only) const {
  for (unsigned code = 0; code < sizes; ++code) {
    if (count[code] == 0) continue;
    const Uses* uses = frames.find(key_of(mfn << frame_shift, code));
    if (uses != nullptr && (!user_only || uses->user != 0)) return true;
  }
  return false;
}

const TlbEntry* UnboundedTlb::peek(u64 va, bool) const {
  const TlbEntry* a = nonglobal_.find(va);
  const TlbEntry* b = global_.find(va);
  if (a != nullptr && b != nullptr && b->shift < a->shift) a = b;
  return a == nullptr ? b : a;
}

TlbLookup UnboundedTlb::find(u64 va, bool fetch) {
  const TlbEntry* entry = peek(va, fetch);
  return {entry, entry == nullptr ? TlbLevel::none : TlbLevel::first};
}

void UnboundedTlb::insert(const TlbEntry& entry, u64, bool) {
  (entry.global ? global_ : nonglobal_).insert(entry);
}

void UnboundedTlb::drop_for_refill(u64 va, bool) { drop_page(va); }

unsigned UnboundedTlb::drop_page(u64 va) {
  unsigned largest = 0;
  for (unsigned code = 0; code < sizes; ++code) {
    const bool dropped = nonglobal_.erase(va, code) | global_.erase(va, code);
    if (dropped) largest = shifts[code];
  }
  return largest;
}

void UnboundedTlb::drop_nonglobal() { nonglobal_.clear(); }

void UnboundedTlb::clear() {
  nonglobal_.clear();
  global_.clear();
}

bool UnboundedTlb::maps_frame(u64 mfn, bool user_only) const {
  return nonglobal_.maps_frame(mfn, user_only) || global_.maps_frame(mfn, user_only);
}

std::vector<TlbSlot> UnboundedTlb::list() const {
  std::vector<TlbSlot> all;
  all.reserve(nonglobal_.pages.size() + global_.pages.size());
  const auto add = [&](const TlbEntry& e) { all.push_back({e, "TLB", e.va, e.shift}); };
  nonglobal_.pages.for_each(add);
  global_.pages.for_each(add);
  return all;
}

}  // namespace xs::mmu
