// The page tables that the domain builder made: one mapping of the domain's first frames from virt_base on.
// Every guest begins with them; most change a page or two.
//
// Entries hold machine frames, or guest frames (XENFEAT_auto_translated_physmap); they change by hypercall,
// or are plain memory (XENFEAT_writable_page_tables).
#pragma once
#include "guests/lib/boot.h"
#include "page_table.h"

constexpr u64 boot_virt_base = 0xffffffff80000000ull;
inline void* boot_va(Pfn pfn) { return reinterpret_cast<void*>(boot_virt_base + (pfn << page_shift)); }
inline Pfn boot_va_frame(const void* va) {
  return (reinterpret_cast<u64>(va) - boot_virt_base) >> page_shift;
}

// The guest frame that a number in a page-table entry or in start_info stands for.
Pfn guest_frame_of(u64 number);
// The builder's entry of `level` that leads to `va`; null where a table above is missing.
u64* boot_entry(u64 va, unsigned level);
// Replaces the L1 entry that maps `va` and flushes it on this VCPU. 0 or a negative errno.
long boot_map(const volatile void* va, u64 entry);
