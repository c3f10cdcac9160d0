#include "guests/kernel/native/native.h"

#include "guests/kernel/bench/bench.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/operator/archive.h"
#include "guests/kernel/operator/verbs.h"
#include "guests/kernel/platform.h"
#include "guests/kernel/process.h"
#include "guests/kernel/virtio/virtio_devices.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/panic.h"
#include "guests/lib/xen_abi.h"

#include <xen/sched.h>

namespace {
void do_info(const CommandLine&, Status&) {
  FrameCounts c = frame_counts();
  operator_print("nr_cpus                : %u", cpus_online());
  operator_print("total_memory           : %lu", c.owned * page_bytes / MiB);
  operator_print("free_memory            : %lu", c.free * page_bytes / MiB);
  operator_print("processes              : %lu", processes_alive());
}

void print_member(void*, const char* name, u64 bytes) { operator_print("%-32s %10lu", name, bytes); }

void do_files(const CommandLine&, Status& status) {
  if (long error = archive_visit(print_member, nullptr)) status.fail(error, "the disk cannot be read");
}

// FNV-1a, 64 bits.
u64 hash_of(const u8* bytes, u64 count) {
  u64 hash = 0xcbf29ce484222325;
  for (u64 i = 0; i < count; i++) hash = (hash ^ bytes[i]) * 0x100000001b3;
  return hash;
}

void do_hash(const CommandLine& c, Status& status) {
  ArchiveMember member;
  if (long error = archive_find(c.words[1], member))
    return status.fail(error, error == -XEN_ENXIO ? "there is no disk" : "%s is not on the disk", c.words[1]);
  long error;
  auto* bytes = static_cast<u8*>(archive_load(member, error));
  if (!bytes) return status.fail(error, "%s cannot be read", c.words[1]);
  operator_print("%016lx %s", hash_of(bytes, member.bytes), c.words[1]);
  heap_free(bytes);
}

void do_shutdown_host(const CommandLine&, Status&) { shutdown(SHUTDOWN_poweroff); }

constexpr Verb verbs[] = {{"info", 0, "", do_info},
                          {"files", 0, "", do_files},
                          {"hash", 1, "<file>", do_hash},
                          bench_verb,
                          {"shutdown-host", 0, "", do_shutdown_host}};

void execute(char* line, Status& status) { verbs_execute(verbs, count_of(verbs), line, status); }
}  // namespace

void native_start(const OperatorPort& line) {
  print_line("kernel: no hypervisor: no balloon, no xenstore, no domains, one processor");
  OperatorPort port = virtio_devices_use("kernel");
  if (!archive_present()) print_line("kernel: no disk");
  start_test_programs();
  operator_start(port.write ? port : line, {"> ", execute}, platform.command_line());
}
