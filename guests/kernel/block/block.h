// Virtual disks of this domain, for threads of its kernel: any of these blocks until it is done.
#pragma once
#include "guests/kernel/block/sectors.h"

struct BlockDisk {
  BlockDisk* next;
  char name[5];  // "xvda"
  u64 sectors;
  u64 bytes;  // what counts of the last sector may be less than all
  bool writable;
};

// The disk of that name (null: the one that came first), when it has come before the deadline; else null. It
// stays, and answers EIO when its backend has gone.
BlockDisk* block_find(const char* name, u64 deadline_ns);

// 0 or a negative errno. Several threads may ask at once; a long range is several requests at once.
long block_read(BlockDisk& disk, u64 first, u32 count, void* to);
long block_write(BlockDisk& disk, u64 first, u32 count, const void* from);
// What has been written is on the disk.
long block_flush(BlockDisk& disk);
