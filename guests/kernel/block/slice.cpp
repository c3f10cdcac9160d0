#include "guests/kernel/block/slice.h"

#include "guests/kernel/operator/archive.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
constexpr char disk_word[] = "disk", file_word[] = "file:";

bool begins(const char* text, const char* word) { return !strncmp(text, word, strlen(word)); }

long open_file(const char* name, Slice& slice) {
  ArchiveMember member;
  if (long error = archive_find(name, member)) return error;
  slice = {archive_disk(), member.first_sector, div_up(member.bytes, sector_bytes), member.bytes, false};
  return 0;
}

bool parse_part(const char* text, u64& first, u64& count) {
  text = *text == ':' ? scan_number(text + 1, first) : nullptr;
  return text && *text == '+' && parse_number(text + 1, count) && count;
}

long open_disk(const char* part, Slice& slice) {
  u64 first = 0, count = data_disk.count;
  if (!data_disk.count) return -XEN_ENXIO;
  if (*part && !parse_part(part, first, count)) return -XEN_EINVAL;
  if (first > data_disk.count || count > data_disk.count - first) return -XEN_ERANGE;
  slice = {data_disk, first, count, count * sector_bytes, data_disk.write != nullptr};
  return 0;
}
}  // namespace

bool slice_is_file(const char* target) { return begins(target, file_word); }

long slice_open(const char* target, Slice& slice) {
  if (slice_is_file(target)) return open_file(target + strlen(file_word), slice);
  return begins(target, disk_word) ? open_disk(target + strlen(disk_word), slice) : -XEN_EINVAL;
}

bool slice_elsewhere(const char* target, Slice& slice) {
  constexpr u64 all = 1ull << 55;  // sectors: more than any disk has
  slice = {{}, 0, all, 0, true};
  if (!begins(target, disk_word)) return false;
  const char* part = target + strlen(disk_word);
  return !*part || (parse_part(part, slice.first, slice.count) && slice.first < all && slice.count <= all);
}

bool slices_overlap(const Slice& a, const Slice& b) {
  return a.holder.context == b.holder.context && a.first < b.first + b.count && b.first < a.first + a.count;
}
