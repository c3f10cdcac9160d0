// The kernel's address space, the same in every memory model.
//
//   0xffff8800_00000000  direct map: va = base + pfn * 4096     (L1 tables of one contiguous run of frames;
//   or
//                                                                pages of 2 MiB, and a table for the rest)
//   0xffff8840_00000000  window: foreign frames and devices     (four L1 tables)
//   0xffffffff_80000000  image and what the domain builder put behind it (the builder's tables)
#pragma once
#include "boot_tables.h"

constexpr u64 direct_map_base = 0xffff880000000000ull;
constexpr u64 window_base = direct_map_base + (256ull << 30);
constexpr unsigned window_tables = 4;

// Frames of the tables behind both regions, in this order: L3, L2 of direct map, L2 of window, L1s, L1s.
struct DirectMapTables {
  Pfn l3, l2, window_l2, l1, window_l1, end;
};
// Plans the tables for `limit` frames from frame `first` on; touches nothing. `large`: in pages of 2 MiB,
// where neither numbers nor rights of single frames differ.
DirectMapTables plan_direct_map(Pfn first, Pfn limit, bool large = false);

// The numbers that page-table entries use for frames [0, given), while the kernel's space is built.
struct FrameNumbers {
  const u64* list;  // the builder's; null: `of` tells
  u64 (*of)(Pfn pfn);
  u64 operator[](Pfn pfn) const { return list ? list[pfn] : of(pfn); }
};
// Fills and hooks the tables. Frames [0, mapped) get their entries, all but [ro_first, ro_end) and the tables
// themselves writable; where tables are plain memory everything is.
void build_direct_map(const DirectMapTables& tables, FrameNumbers numbers, Pfn mapped, Pfn limit,
                      Pfn ro_first, Pfn ro_end);

// The bootstrap mapping at virt_base: removes pages from it, so that frames have one mapping only.
u64 boot_mapping_entry(u64 va);
void unmap_boot_page(Pfn pfn);
