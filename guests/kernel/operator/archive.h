// dom0's disk: a ustar archive (POSIX.1-1988, 512-byte blocks), read through whatever holds it.
#pragma once
#include "guests/kernel/block/sectors.h"

struct ArchiveMember {
  u64 first_sector;
  u64 bytes;
};

void archive_use(const Sectors& holder);
bool archive_present();
const Sectors& archive_disk();
// 0; -ENOENT; -EILSEQ when the archive is damaged; -EIO.
long archive_find(const char* name, ArchiveMember& member);
// The member's content in kernel memory (heap_free it); null with the reason in error.
void* archive_load(const ArchiveMember& member, long& error);
using MemberVisitor = void (*)(void* context, const char* name, u64 bytes);
long archive_visit(MemberVisitor visit, void* context);
