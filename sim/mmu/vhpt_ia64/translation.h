// The forms in which IA-64 software hands translations to hardware, and what they permit (SDM vol. 2 4.1).
//
//     PTE   GR operand of itc/itr, short-format VHPT entry, first word of a long-format one (figure 4-5)
//           p:0  ma:2-4  a:5  d:6  pl:7-8  ar:9-11  ppn:12-49  ed:52  ignored:53-63
//     ITIR  ps:2-7  key:8-31
//     RR    ve:0  ps:2-7  rid:8-31
//     PTA   ve:0  size:2-7  vf:8  base:15-63
#pragma once
#include "sim/core/types.h"

namespace xs::mmu::ia64 {

/// Implemented sizes of addresses and identifiers (Itanium 2): all 61 bits of a region, 50 of a physical
/// address, 24 of region identifiers and protection keys.
inline constexpr unsigned region_shift = 61, physical_bits = 50, key_bits = 24;
inline constexpr u64 region_offset_mask = (u64{1} << region_shift) - 1;
inline constexpr u64 physical_mask = (u64{1} << physical_bits) - 1;

constexpr unsigned region_of(u64 va) { return static_cast<unsigned>(va >> region_shift); }

constexpr u64 bits(u64 value, unsigned low, unsigned count) { return value >> low & ((u64{1} << count) - 1); }

/// log2 of the page sizes that may be inserted: 4K 8K 16K 64K 256K 1M 4M 16M 64M 256M 1G 4G (table 4-4).
inline constexpr u64 insertable_sizes = u64{1} << 12 | u64{1} << 13 | u64{1} << 14 | u64{1} << 16 |
                                        u64{1} << 18 | u64{1} << 20 | u64{1} << 22 | u64{1} << 24 |
                                        u64{1} << 26 | u64{1} << 28 | u64{1} << 30 | u64{1} << 32;
/// Those that may be purged alone: the same.
inline constexpr u64 purgeable_sizes = insertable_sizes;
constexpr bool is_page_size(u64 ps) { return ps < 64 && (insertable_sizes >> ps & 1) != 0; }

/// Memory attributes (table 4-11); the others are reserved.
enum MemoryAttribute : u8 { ma_wb = 0, ma_uc = 4, ma_uce = 5, ma_wc = 6, ma_nat_page = 7 };
constexpr bool is_memory_attribute(u64 ma) { return ma == ma_wb || ma >= ma_uc; }

struct RegionRegister {
  u64 raw = 0;
  bool vhpt_enabled() const { return raw & 1; }
  u8 page_shift() const { return static_cast<u8>(bits(raw, 2, 6)); }
  u32 rid() const { return static_cast<u32>(bits(raw, 8, key_bits)); }
  /// ITIR that a fault on this region shows: its preferred page size and its identifier as key.
  u64 default_itir() const { return raw & 0xfffffffc; }
  static constexpr u64 reserved = ~u64{0xffffffff} | 2;
};

struct PageTableAddress {
  u64 raw = 0;
  bool enabled() const { return raw & 1; }
  unsigned size_shift() const { return static_cast<unsigned>(bits(raw, 2, 6)); }
  bool long_format() const { return raw >> 8 & 1; }
  u64 base() const { return raw & ~u64{0x7fff}; }
  static constexpr u64 reserved = u64{0x7e02};
};

/// One translation, as a TLB holds it.
struct Translation {
  u64 va = 0;  ///< first address of the page, region bits cleared
  u64 pa = 0;  ///< first address of the frame
  u32 rid = 0;
  u32 key = 0;
  u8 page_shift = 12;
  u8 ma = 0, pl = 0, ar = 0;
  bool present = false, accessed = false, dirty = false, exception_deferral = false;

  /// Code that is not at level 0 may use it: ar 7 is for execution at every level.
  bool above_level_0() const { return pl != 0 || ar == 7; }
  bool covers(u32 region, u64 offset) const { return rid == region && (offset ^ va) >> page_shift == 0; }
  u64 translate(u64 offset) const { return pa | (offset & ((u64{1} << page_shift) - 1)); }
};

/// `itir` names size and key. Fields that the page's size makes superfluous are ignored (4.1.1.6).
constexpr Translation make_translation(u64 pte, u64 itir, u64 va, u32 rid) {
  Translation t;
  t.page_shift = static_cast<u8>(bits(itir, 2, 6));
  const u64 mask = (u64{1} << t.page_shift) - 1;
  t.va = va & region_offset_mask & ~mask;
  t.pa = pte & physical_mask & ~u64{0xfff} & ~mask;
  t.rid = rid;
  t.key = static_cast<u32>(bits(itir, 8, key_bits));
  t.present = pte & 1;
  t.ma = static_cast<u8>(bits(pte, 2, 3));
  t.accessed = pte >> 5 & 1;
  t.dirty = pte >> 6 & 1;
  t.pl = static_cast<u8>(bits(pte, 7, 2));
  t.ar = static_cast<u8>(bits(pte, 9, 3));
  t.exception_deferral = pte >> 52 & 1;
  return t;
}

/// A translation that itc or itr answers with a Reserved Register/Field fault, and that ends a VHPT walk. A
/// page that is not present has no further reserved fields (figure 4-6).
constexpr bool is_reserved(u64 pte, u64 itir) {
  constexpr u64 pte_reserved = u64{2} | u64{3} << 50;
  if (!is_page_size(bits(itir, 2, 6)) || (itir & 3) != 0 || itir >> 32 != 0) return true;
  return (pte & 1) != 0 && ((pte & pte_reserved) != 0 || !is_memory_attribute(bits(pte, 2, 3)));
}

enum Right : u8 { right_read = 1, right_write = 2, right_execute = 4 };

/// What code at privilege level `cpl` may do with a page of TLB.ar and TLB.pl (table 4-2). An execution at a
/// level less privileged than a promotion page's `pl` is allowed: epc promotes there.
constexpr u8 page_rights(unsigned ar, unsigned pl, unsigned cpl) {
  constexpr u8 r = right_read, w = right_write, x = right_execute;
  if (ar == 7) return static_cast<u8>(cpl == 0 ? r | x : x);
  if (cpl > pl) return 0;
  switch (ar) {
    case 0:
      return r;
    case 1:
      return r | x;
    case 2:
      return r | w;
    case 3:
      return r | w | x;
    case 4:
      return cpl < pl || cpl == 0 ? r | w : r;
    case 5:
      return cpl == 0 ? r | w | x : r | x;
    default:
      return cpl == pl && cpl != 0 ? r | w | x : r | w;
  }
}

}  // namespace xs::mmu::ia64
