// Page tables and address spaces: what the memory models do differently. `table` and `root` are the numbers
// by which entries name a table's frame.
#pragma once
#include "boot_tables.h"

struct TableOps {
  bool has_types;  // the hypervisor types frames: tables are read-only and roots pinned
  // Stores one entry of a table that is, or will be, in use.
  long (*write)(u64 table, unsigned index, u64 entry);
  // Changes one frame's direct map entry, e.g. read-only before it becomes a page table.
  long (*set_writable)(Pfn pfn, bool writable);

  // Makes an empty table the root of a user address space; undoes it while it is loaded nowhere.
  long (*open_root)(u64 root);
  long (*close_root)(u64 root);
  // What user mode sees on this CPU from now on; nothing of the last root is remembered. 0: the kernel alone.
  long (*load_root)(u64 root);
  void (*forget_page)(u64 va);  // on this CPU
};
extern TableOps table_ops;
