// User page tables: three levels of a page each, walked by the miss handler (vectors.inc). Entries of the
// upper two are addresses in region 7, those of the last are translations as the processor takes them (SDM
// vol. 2 4.1.1.5).
//
//   va: | 0 | root 37..30 | middle 29..21 | last 20..12 | offset 11..0 |
//
// A user page of 16 KiB (user_pages=16k) has four entries of the last level, of which the processor takes
// any: the size comes from the region register, and what an entry says below it is not looked at.
//
// A user root maps with its lower half; its last entry is the space's region identifier
// (address_space_ia64.cpp).
#pragma once
#include "arch_cpu.h"

constexpr unsigned table_entries = page_bytes / sizeof(u64);
constexpr unsigned user_root_entries = table_entries / 2, root_region_id = table_entries - 1;
constexpr unsigned table_index(u64 va, unsigned level) {
  return (va >> (page_shift + 9 * (level - 1))) & (table_entries - 1);
}
constexpr u64 entry_bytes_covered(unsigned level) { return page_bytes << (9 * (level - 1)); }

constexpr u64 pte_present = 1, pte_accessed = 1 << 5, pte_dirty = 1 << 6, pte_user = u64{USER_LEVEL} << 7;
// Access rights of a page whose level is the user's.
constexpr unsigned pte_rights_shift = 9;
constexpr u64 pte_executable = u64{1} << pte_rights_shift, pte_writable = u64{2} << pte_rights_shift;
constexpr u64 pte_address_mask = ((u64{1} << PTE_ADDRESS_BITS) - 1) & ~(page_bytes - 1);
