// Tables of region 0, as the miss handler walks them (vectors.inc): three levels of a page each.
#pragma once
#include "arch_cpu.h"

constexpr u64 walked_va = u64{1} << 30;  // an address in region 0, its last-level entries begin there

// What an entry of the last level is made of; the rights are those of SDM vol. 2 table 4-2.
constexpr u64 translation_level_shift = 7, translation_rights_shift = 9;
enum Rights : u64 { rights_r = 0, rights_rx = 1, rights_rw = 2, rights_rwx = 3 };
constexpr u64 translation(Pfn frame, u64 level, u64 rights) {
  constexpr u64 present_accessed_dirty = 0x61;
  return frame << page_shift | rights << translation_rights_shift | level << translation_level_shift |
         present_accessed_dirty;
}

// Makes them for the 2 MiB at walked_va; returns the last one. Each VCPU that is to see them loads them.
u64* walked_tables();
void walked_load();
void walked_unload();
