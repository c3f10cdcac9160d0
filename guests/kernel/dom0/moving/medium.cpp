#include "guests/kernel/dom0/moving/medium.h"

#include "guests/kernel/dom0/block_attach.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

long medium_open(const char* target, bool for_writing, Slice& slice) {
  if (long error = slice_open(target, slice)) return error;
  if (for_writing && !slice.writable) return -XEN_EROFS;
  slice.writable &= for_writing;
  return !slice_is_file(target) && disk_is_in_use(0, slice) ? -XEN_EBUSY : 0;
}

bool MediumWriter::flush() {
  const u32 sectors = static_cast<u32>(div_up(filled, sector_bytes));
  memset(buffer + filled, 0, sectors * sector_bytes - filled);
  if (sectors > slice.count - sector)
    error = -XEN_ENOSPC;
  else
    error = slice.holder.write(slice.holder.context, slice.first + sector, sectors, buffer);
  sector += sectors;
  filled = 0;
  return !error;
}

bool MediumWriter::write(const void* bytes, size_t size) {
  for (const auto* from = static_cast<const u8*>(bytes); size;) {
    const u32 n = static_cast<u32>(min_of<u64>(size, medium_buffer - filled));
    memcpy(buffer + filled, from, n);
    filled += n, from += n, size -= n;
    if (filled == medium_buffer && !flush()) return false;
  }
  return true;
}

bool MediumWriter::finish() {
  if (filled && !flush()) return false;
  if (slice.holder.flush) error = slice.holder.flush(slice.holder.context);
  return !error;
}

s64 MediumReader::read(void* to, size_t most) {
  if (at == filled) {
    const u32 sectors = static_cast<u32>(min_of<u64>(medium_buffer / sector_bytes, slice.count - sector));
    if (!sectors) return 0;
    if (long error = slice.holder.read(slice.holder.context, slice.first + sector, sectors, buffer))
      return error;
    sector += sectors;
    at = 0, filled = static_cast<u32>(sectors * sector_bytes);
  }
  const u32 n = static_cast<u32>(min_of<u64>(most, filled - at));
  memcpy(to, buffer + at, n);
  at += n;
  return n;
}
