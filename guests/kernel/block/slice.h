// What a virtual disk is made of: the data disk or a part of it, or a file of the archive.
#pragma once
#include "guests/kernel/block/sectors.h"

struct Slice {
  Sectors holder;
  u64 first, count;  // sectors of the holder
  u64 bytes;         // a file's last sector is filled up with zeros
  bool writable;
};

// "disk", "disk:<first sector>+<sectors>", "file:<name>". 0; -ENXIO: no data disk; -EINVAL: no such target;
// -ERANGE: the disk is smaller; or what the archive says.
long slice_open(const char* target, Slice& slice);
// Then it is read-only, and opening it reads the archive.
bool slice_is_file(const char* target);
// What a target names of a disk that another domain has, however large that is. False: no such target.
bool slice_elsewhere(const char* target, Slice& slice);
bool slices_overlap(const Slice& a, const Slice& b);
