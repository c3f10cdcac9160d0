// Where a saved domain lies: dom0's data disk or a part of it (block/slice.h), from its first sector on. The
// stream says itself where it ends.
#pragma once
#include "guests/kernel/block/slice.h"
#include "guests/lib/stream/reader.h"
#include "guests/lib/stream/writer.h"

constexpr u32 medium_buffer = 64 * KiB;

// "disk", "disk:<first sector>+<sectors>", and for reading "file:<name>", too. 0 or slice_open()'s errors;
// -EROFS; -EBUSY: it is, or may be written as, a domain's disk.
long medium_open(const char* target, bool for_writing, Slice& slice);

struct MediumWriter final : stream::Sink {
  bool write(const void* bytes, size_t size) override;
  // What is gathered goes to the disk, and the disk's own memory, too.
  bool finish();

  Slice slice;
  long error = 0;  // -ENOSPC: the slice is full
  u64 sector = 0;  // of the slice, the next one
  u32 filled = 0;
  u8 buffer[medium_buffer];

 private:
  bool flush();
};

struct MediumReader final : stream::Source {
  s64 read(void* to, size_t most) override;

  Slice slice;
  u64 sector = 0;
  u32 at = 0, filled = 0;
  u8 buffer[medium_buffer];
};
