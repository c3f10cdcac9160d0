#include "guests/kernel/operator/archive.h"

#include "guests/kernel/heap.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
// ustar header; numbers are octal text.
struct Header {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
  char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};
static_assert(sizeof(Header) == sector_bytes);

Sectors disk;

bool parse_octal(const char* field, size_t size, u64& value) {
  value = 0;
  size_t i = 0;
  while (i < size && field[i] == ' ') i++;
  for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
    value = value * 8 + static_cast<u64>(field[i] - '0');
  return i < size && (field[i] == 0 || field[i] == ' ');
}

bool checksum_ok(const Header& h) {
  u64 expected, sum = 0;
  if (!parse_octal(h.checksum, sizeof h.checksum, expected)) return false;
  auto* bytes = reinterpret_cast<const u8*>(&h);
  for (size_t i = 0; i < sizeof h; i++) {
    size_t at = i - offsetof(Header, checksum);
    sum += at < sizeof h.checksum ? ' ' : bytes[i];  // the field counts as spaces
  }
  return sum == expected;
}

// Member names as `tar` makes them may begin with "./".
const char* member_name(Header& h) {
  h.mode[0] = 0;  // a name of exactly 100 characters has no end of its own
  return h.name[0] == '.' && h.name[1] == '/' ? h.name + 2 : h.name;
}

// 1: a member; 0: the end; else a negative errno. `sector` moves to the next header.
long next_member(u64& sector, Header& h, ArchiveMember& member) {
  if (sector >= disk.count) return 0;
  if (long error = disk.read(disk.context, sector, 1, &h)) return error;
  if (!h.name[0]) return 0;
  if (memcmp(h.magic, "ustar", 5) || !checksum_ok(h)) return -XEN_EILSEQ;
  if (!parse_octal(h.size, sizeof h.size, member.bytes)) return -XEN_EILSEQ;
  member.first_sector = sector + 1;
  u64 sectors = div_up(member.bytes, sector_bytes);
  if (sectors > disk.count - member.first_sector) return -XEN_EILSEQ;
  sector = member.first_sector + sectors;
  return 1;
}

bool regular_file(const Header& h) { return h.type == '0' || h.type == 0; }
}  // namespace

void archive_use(const Sectors& holder) { disk = holder; }
bool archive_present() { return disk.read; }
const Sectors& archive_disk() { return disk; }

long archive_find(const char* name, ArchiveMember& member) {
  if (!disk.read) return -XEN_ENXIO;
  Header h;
  for (u64 sector = 0;;) {
    long r = next_member(sector, h, member);
    if (r <= 0) return r ? r : -XEN_ENOENT;
    if (regular_file(h) && !strcmp(member_name(h), name)) return 0;
  }
}

long archive_visit(MemberVisitor visit, void* context) {
  if (!disk.read) return -XEN_ENXIO;
  Header h;
  ArchiveMember member;
  for (u64 sector = 0;;) {
    long r = next_member(sector, h, member);
    if (r <= 0) return r;
    if (regular_file(h)) visit(context, member_name(h), member.bytes);
  }
}

void* archive_load(const ArchiveMember& member, long& error) {
  u64 sectors = div_up(member.bytes, sector_bytes);
  constexpr u64 largest = 64 * MiB;
  error = member.bytes > largest ? -XEN_E2BIG : -XEN_ENOMEM;
  void* to = member.bytes > largest ? nullptr : heap_alloc(max_of<u64>(sectors * sector_bytes, 4096));
  if (!to) return nullptr;
  error = disk.read(disk.context, member.first_sector, static_cast<u32>(sectors), to);
  if (!error) return to;
  heap_free(to);
  return nullptr;
}
