// An entry of a paging structure: where it stands, whether it ends the walk, what must be zero in it (SDM
// vol. 3A 4.5).
#pragma once
#include "sim/mmu/tlb/tlb_model.h"
#include "sim/mmu/walk_x86/rights.h"

namespace xs::mmu::x86 {

constexpr unsigned shift_of(unsigned level) { return 12 + 9 * (level - 1); }
constexpr u64 index_of(u64 va, unsigned level) { return va >> shift_of(level) & 511; }
constexpr bool is_leaf(u64 entry, unsigned level) {
  return level == 1 || (level <= 3 && (entry & pte::page_size) != 0);
}

/// Bits that must be zero (SDM 4.5.4): PS in a PML4E; in a large leaf the address bits below the page's
/// size, except bit 12 (PAT); XD unless EFER.NXE.
constexpr u64 reserved_bits(u64 entry, unsigned level, const X86Control& control) {
  u64 mask = 0;
  if (level == 4) mask |= pte::page_size;
  if (level > 1 && is_leaf(entry, level)) mask |= ((u64{1} << shift_of(level)) - 1) & ~u64{0x1fff};
  if ((control.efer & efer::nxe) == 0) mask |= pte::no_execute;
  return mask & entry;
}

constexpr u64 leaf_address(u64 entry, unsigned level) {
  return entry & pte::address & ~((u64{1} << shift_of(level)) - 1);
}

/// What a TLB gets of a leaf.
constexpr TlbEntry page_of(u64 va, u64 entry, unsigned level, u8 rights, const X86Control& control) {
  TlbEntry page;
  const unsigned shift = shift_of(level);
  page.va = va >> shift << shift;
  page.pa = leaf_address(entry, level);
  page.shift = static_cast<u8>(shift);
  page.rights = rights;
  page.user = (rights & right::user) != 0;
  page.global = (entry & pte::global) != 0 && (control.cr4 & cr4::pge) != 0;
  return page;
}

}  // namespace xs::mmu::x86
