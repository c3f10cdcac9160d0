// Something that holds sectors: a disk, or a part of one.
#pragma once
#include "guests/lib/types.h"

constexpr u64 sector_bytes = 512;

// Functions answer 0 or a negative errno and may block; a range must lie within `count`.
struct Sectors {
  long (*read)(void* context, u64 first, u32 count, void* to);
  long (*write)(void* context, u64 first, u32 count, const void* from);  // null: read-only
  long (*flush)(void* context);                                          // null: nothing is held back
  void* context;
  u64 count;
};

// What this kernel has beside the disk that holds its archive; count is 0 when there is none.
extern Sectors data_disk;
