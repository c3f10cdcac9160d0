#include "sim/platform/iommu.h"

#include <algorithm>

namespace xs::platform {
namespace {

constexpr u64 both = XS_IOMMU_READ | XS_IOMMU_WRITE;
constexpr u64 mfn_bits = XS_IOMMU_LEVELS * XS_IOMMU_BITS_PER_LEVEL;
constexpr u64 index_mask = (u64{1} << XS_IOMMU_BITS_PER_LEVEL) - 1;

constexpr u32 half_of(u64 value, u64 offset) { return static_cast<u32>(offset & 4 ? value >> 32 : value); }

}  // namespace

bool Iommu::read(u64 offset, unsigned size, u64& value) {
  const std::optional<u32> found = size == 4 ? register_at(offset) : std::nullopt;
  if (found) value = *found;
  return found.has_value();
}

std::optional<u32> Iommu::register_at(u64 offset) const {
  switch (offset) {
    case XS_IOMMU_VERSION:
      return 1;
    case XS_IOMMU_CONTROL:
      return control_;
    case XS_IOMMU_FLUSH:
      return 0;
    case XS_IOMMU_FAULTS:
      return faults_;
    case XS_IOMMU_FAULT_ADDRESS:
    case XS_IOMMU_FAULT_ADDRESS + 4:
      return half_of(fault_address_, offset);
    case XS_IOMMU_FAULT_INFO:
      return fault_info_;
    default:
      return root_half(offset);
  }
}

std::optional<u32> Iommu::root_half(u64 offset) const {
  const u64 slot = (offset - XS_IOMMU_ROOT(0)) / 8;
  if (offset < XS_IOMMU_ROOT(0) || offset % 4 || slot >= slots_.size()) return std::nullopt;
  return half_of(slots_[slot].root, offset);
}

bool Iommu::write(u64 offset, unsigned size, u64 value) {
  if (size != 4) return false;
  switch (offset) {
    case XS_IOMMU_CONTROL:
      control_ = value & 1;
      return true;
    case XS_IOMMU_FLUSH:
      ++counters_.flushes;
      for (Slot& slot : slots_) slot.remembered.clear();
      return true;
    default:
      return write_root(offset, static_cast<u32>(value));
  }
}

/// A root counts when its upper half has come.
bool Iommu::write_root(u64 offset, u32 value) {
  if (!root_half(offset)) return false;
  Slot& slot = slots_[(offset - XS_IOMMU_ROOT(0)) / 8];
  if (offset & 4)
    slot.root = u64{value} << 32 | slot.low_half;
  else
    slot.low_half = value;
  return true;
}

u64 Iommu::walk(const Slot& slot, u64 mfn) const {
  if (!(slot.root & XS_IOMMU_VALID) || mfn >> mfn_bits) return 0;
  u64 entry = slot.root, rights = both;
  for (unsigned level = XS_IOMMU_LEVELS; level-- > 0;) {
    const u64 index = mfn >> (level * XS_IOMMU_BITS_PER_LEVEL) & index_mask;
    if (!memory_.read((entry & XS_IOMMU_PAGE) + 8 * index, &entry, sizeof entry)) return 0;
    rights &= entry;
    if (!rights) return 0;
  }
  return rights;
}

u64 Iommu::reach(unsigned slot, u64 mfn) const {
  if (!enabled()) return both;
  const auto& remembered = slots_[slot].remembered;
  const auto known = remembered.find(mfn);
  return walk(slots_[slot], mfn) | (known == remembered.end() ? 0 : known->second);
}

bool Iommu::allows_frame(Slot& slot, u64 mfn, u64 right) {
  const auto known = slot.remembered.find(mfn);
  if (known != slot.remembered.end() && (known->second & right)) return ++counters_.hits, true;
  ++counters_.lookups;
  const u64 rights = walk(slot, mfn);
  if (rights) slot.remembered[mfn] = rights;
  return rights & right;
}

bool Iommu::allows(unsigned slot, u64 pa, u64 size, bool write) {
  if (!enabled() || size == 0) return true;
  for (u64 mfn = pa >> frame_shift; mfn <= (pa + size - 1) >> frame_shift; ++mfn) {
    if (allows_frame(slots_[slot], mfn, write ? XS_IOMMU_WRITE : XS_IOMMU_READ)) continue;
    ++faults_;
    ++counters_.refused;
    fault_address_ = std::max(pa, mfn << frame_shift);
    fault_info_ = slot | (write ? XS_IOMMU_FAULT_WRITE : 0);
    return false;
  }
  return true;
}

}  // namespace xs::platform
