#include "sim/observe/references.h"

#include <cstring>

namespace xs::observe {
namespace {

// Intel SDM vol. 3A 4.5: bits of a paging-structure entry.
constexpr u64 present_bit = 1, writable_bit = 2, address_bits = 0x000ffffffffff000;
constexpr unsigned entries = 512, top_level = 4;
constexpr bool is_hypervisor_slot(unsigned level, unsigned slot) {
  return level == top_level && slot >= 256 && slot < 272;
}

}  // namespace

void ReferenceCounter::walk(const std::function<u64(u32)>& type_refs,
                            const std::function<void(const TableEntry&)>& visit) {
  counts_.assign(state_.ram().frames(), {});
  for (u32 i = 0; i < state_.ram().frames(); ++i) {
    const FrameState& f = state_.frame(i);
    const unsigned level = type_of_bits(f.type_bits);
    const bool table = level >= XS_FRAME_L1 && level <= XS_FRAME_L4 && validated_bits(f.type_bits);
    if (table && f.owner < XS_OWNER_XEN && type_refs(i) != 0) walk_table(i, level, visit);
  }
}

void ReferenceCounter::walk_table(u32 index, unsigned level,
                                  const std::function<void(const TableEntry&)>& visit) {
  const u64 mfn = state_.ram().mfn(index);
  const u8* bytes = memory_.host(mfn << frame_shift);
  if (!bytes) return;
  ++tables_;
  for (unsigned slot = 0; slot < entries; ++slot) {
    u64 entry;
    std::memcpy(&entry, bytes + slot * 8, sizeof entry);
    if (!(entry & present_bit) || is_hypervisor_slot(level, slot)) continue;
    TableEntry e{mfn,
                 state_.frame(index).owner,
                 level,
                 slot,
                 (entry & address_bits) >> frame_shift,
                 (entry & writable_bit) != 0};
    const u32 target = state_.ram().index(e.target_mfn);
    if (target != RamMap::none && state_.frame(target).owner != XS_OWNER_XEN) {
      ++references_;
      ++counts_[target].general;
      if (level > 1 || e.writable) ++counts_[target].type;
    }
    visit(e);
  }
}

}  // namespace xs::observe
