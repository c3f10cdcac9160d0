// Writing page tables: what the memory models do differently. `table` is the number by which entries name a
// table's frame.
#pragma once
#include "boot_tables.h"

struct TableOps {
  bool has_types;  // the hypervisor types frames: tables are read-only and roots pinned
  // Stores one entry of a table that is, or will be, in use.
  long (*write)(u64 table, unsigned index, u64 entry);
  // Changes one frame's direct map entry, e.g. read-only before it becomes a page table.
  long (*set_writable)(Pfn pfn, bool writable);
};
extern const TableOps* table_ops;
