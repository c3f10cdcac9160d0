// dom0's disk: a ustar archive (POSIX.1-1988, 512-byte blocks), read through whatever holds it.
#pragma once
#include "guests/lib/types.h"

constexpr u64 sector_bytes = 512;

// Reads whole sectors; 0 or a negative errno.
struct SectorSource {
  long (*read)(void* context, u64 first_sector, u32 count, void* to);
  void* context;
  u64 sectors;
};

struct ArchiveMember {
  u64 first_sector;
  u64 bytes;
};

void archive_use(const SectorSource& source);
bool archive_present();
// 0; -ENOENT; -EILSEQ when the archive is damaged; -EIO.
long archive_find(const char* name, ArchiveMember& member);
// The member's content in kernel memory (heap_free it); null with the reason in error.
void* archive_load(const ArchiveMember& member, long& error);
using MemberVisitor = void (*)(void* context, const char* name, u64 bytes);
long archive_visit(MemberVisitor visit, void* context);
