#include "guests/kernel/operator/archive_verbs.h"

#include "guests/kernel/heap.h"
#include "guests/kernel/operator/archive.h"
#include "guests/kernel/operator/fnv.h"
#include "guests/kernel/operator/operator.h"
#include "guests/lib/errno.h"

namespace {
void print_member(void*, const char* name, u64 bytes) { operator_print("%-32s %10lu", name, bytes); }
}  // namespace

void do_files(const CommandLine&, Status& status) {
  if (long error = archive_visit(print_member, nullptr)) status.fail(error, "the disk cannot be read");
}

void do_hash(const CommandLine& c, Status& status) {
  ArchiveMember member;
  if (long error = archive_find(c.words[1], member))
    return status.fail(error, error == -XEN_ENXIO ? "there is no disk" : "%s is not on the disk", c.words[1]);
  long error;
  auto* bytes = static_cast<u8*>(archive_load(member, error));
  if (!bytes) return status.fail(error, "%s cannot be read", c.words[1]);
  Fnv hash;
  hash.add(bytes, member.bytes);
  operator_print("%016lx %s", hash.value, c.words[1]);
  heap_free(bytes);
}
