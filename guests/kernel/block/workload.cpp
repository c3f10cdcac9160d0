#include "guests/kernel/block/workload.h"

#include "guests/kernel/block/block.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/operator/fnv.h"
#include "guests/kernel/thread.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
constexpr u64 disk_ns = 10 * ns_per_s;
constexpr u32 buffer_sectors = 256;  // more than one request holds
constexpr u64 words_per_sector = sector_bytes / sizeof(u64);

bool read_number(const CommandLine& c, const char* key, u64 largest, u64& value, Status& status) {
  const char* const text = c.value(key);
  if (!text || (parse_number(text, value) && value && value <= largest)) return true;
  status.fail(-XEN_EINVAL, "%s= is not between 1 and %lu", key, largest);
  return false;
}

// No two words of all rounds are the same: each says which sector it is of, which word there, and which
// round.
u64 pattern(u64 sector, u64 word, u64 round) { return sector << 28 | (round & 0x3fffff) << 6 | word; }

void fill(u64* words, u64 first, u32 count, u64 round) {
  for (u64 s = 0; s < count; s++)
    for (u64 i = 0; i < words_per_sector; i++) *words++ = pattern(first + s, i, round);
}

bool is_right(const u64* words, u64 sector, u64 round) {
  for (u64 i = 0; i < words_per_sector; i++)
    if (words[i] != pattern(sector, i, round)) return false;
  return true;
}

struct Pass {
  BlockDisk& disk;
  u64* buffer;
  u64 sectors, round;
};

long write_all(const Pass& p) {
  long error = 0;
  for (u64 at = 0; at < p.sectors && !error; at += buffer_sectors) {
    const auto n = static_cast<u32>(min_of<u64>(p.sectors - at, buffer_sectors));
    fill(p.buffer, at, n, p.round);
    error = block_write(p.disk, at, n, p.buffer);
  }
  return error ? error : block_flush(p.disk);
}

long compare_all(const Pass& p, u64& wrong) {
  for (u64 at = 0; at < p.sectors; at += buffer_sectors) {
    const auto n = static_cast<u32>(min_of<u64>(p.sectors - at, buffer_sectors));
    memset(p.buffer, 0xff, n * sector_bytes);
    if (long error = block_read(p.disk, at, n, p.buffer)) return error;
    for (u32 i = 0; i < n; i++) wrong += !is_right(p.buffer + i * words_per_sector, at + i, p.round);
  }
  return 0;
}

u64* new_buffer(Status& status) {
  auto* buffer = static_cast<u64*>(heap_alloc(buffer_sectors * sector_bytes));
  if (!buffer) status.fail(-XEN_ENOMEM, "no memory for %u sectors", buffer_sectors);
  return buffer;
}
}  // namespace

BlockDisk* block_disk_of(const CommandLine& c, const char* const* keys, unsigned key_count, Status& status) {
  const char* const name = c.value("disk");
  if (const char* word = c.unknown_key(keys, key_count)) {
    status.fail(-XEN_EINVAL, "unknown argument %s", word);
    return nullptr;
  }
  BlockDisk* const disk = block_find(name, now_ns() + disk_ns);
  if (!disk) status.fail(-XEN_ENXIO, "there is no disk%s%s", name ? " " : "", name ? name : "");
  return disk;
}

void do_block_verify(const CommandLine& c, Status& status) {
  static const char* const keys[] = {"disk", "sectors", "rounds"};
  BlockDisk* const disk = block_disk_of(c, keys, count_of(keys), status);
  if (!disk) return;
  u64 sectors = disk->sectors, rounds = 1, wrong = 0;
  if (!read_number(c, "sectors", disk->sectors, sectors, status) ||
      !read_number(c, "rounds", 1000000, rounds, status))
    return;
  u64* const buffer = new_buffer(status);
  long error = 0;
  for (u64 round = 0; buffer && round < rounds && !error; round++) {
    const Pass pass{*disk, buffer, sectors, round};
    error = write_all(pass);
    if (!error) error = compare_all(pass, wrong);
  }
  heap_free(buffer);
  if (status.error) return;
  if (error) return status.fail(error, "%s: a request has failed", disk->name);
  print_line("block: %lu sectors written and verified, %lu wrong", sectors * rounds, wrong);
  if (wrong) status.fail(-XEN_EIO, "%s: %lu sectors are not what was written", disk->name, wrong);
}

void do_block_hash(const CommandLine& c, Status& status) {
  static const char* const keys[] = {"disk"};
  BlockDisk* const disk = block_disk_of(c, keys, count_of(keys), status);
  u64* const buffer = disk ? new_buffer(status) : nullptr;
  if (!buffer) return;
  Fnv hash;
  long error = 0;
  for (u64 at = 0; at < disk->sectors && !error; at += buffer_sectors) {
    const auto n = static_cast<u32>(min_of<u64>(disk->sectors - at, buffer_sectors));
    error = block_read(*disk, at, n, buffer);
    const u64 before = at * sector_bytes;
    const u64 left = disk->bytes > before ? disk->bytes - before : 0;
    if (!error) hash.add(reinterpret_cast<const u8*>(buffer), min_of<u64>(n * sector_bytes, left));
  }
  heap_free(buffer);
  if (error) return status.fail(error, "%s: a request has failed", disk->name);
  print_line("block: %016lx %s", hash.value, disk->name);
}
