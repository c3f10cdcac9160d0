// Kernel address space in model `direct`.
//
//   0xffff8800_00000000  direct map: va = base + pfn * 4096     (L1 tables of one contiguous run of frames)
//   0xffff8840_00000000  window: foreign frames and devices     (four L1 tables)
//   0xffffffff_80000000  image and what the domain builder put behind it (the builder's tables)
#pragma once
#include "page_table.h"

constexpr u64 direct_map_base = 0xffff880000000000ull;
constexpr u64 window_base = direct_map_base + (256ull << 30);
constexpr unsigned window_tables = 4;
constexpr unsigned window_pages = window_tables * table_entries;

// Frames of the tables behind both regions, in this order: L3, L2 of direct map, L2 of window, L1s, L1s.
struct DirectMapTables {
  Pfn l3, l2, window_l2, l1, window_l1, end;
};
// Plans the tables for `limit` frames from frame `first` on; touches nothing.
DirectMapTables plan_direct_map(Pfn first, Pfn limit);
// Fills and hooks them. `p2m` is the builder's list; [ro_first, ro_end) are the builder's page tables.
void build_direct_map(const DirectMapTables& tables, const u64* p2m, Pfn given, Pfn limit, Pfn ro_first,
                      Pfn ro_end);

// The bootstrap mapping at virt_base: removes pages from it, so that frames have one mapping only.
u64 boot_mapping_entry(u64 va);
void unmap_boot_page(Pfn pfn);
inline void* boot_va(Pfn pfn) { return reinterpret_cast<void*>(0xffffffff80000000ull + (pfn << page_shift)); }
inline Pfn boot_va_frame(const void* va) {
  return (reinterpret_cast<u64>(va) - 0xffffffff80000000ull) >> page_shift;
}

// Changes one frame's direct map entry, e.g. read-only before it becomes a page table.
long set_direct_map_writable(Pfn pfn, bool writable);
