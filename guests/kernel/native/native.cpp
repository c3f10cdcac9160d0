#include "guests/kernel/native/native.h"

#include "guests/kernel/bench/bench.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/operator/archive.h"
#include "guests/kernel/operator/archive_verbs.h"
#include "guests/kernel/operator/verbs.h"
#include "guests/kernel/platform.h"
#include "guests/kernel/process.h"
#include "guests/kernel/virtio/virtio_devices.h"
#include "guests/lib/console.h"
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

void do_shutdown_host(const CommandLine&, Status&) { shutdown(SHUTDOWN_poweroff); }

constexpr Verb verbs[] = {
    {"info", 0, "", do_info}, files_verb, hash_verb, bench_verb, {"shutdown-host", 0, "", do_shutdown_host}};

void execute(char* line, Status& status) { verbs_execute(verbs, count_of(verbs), line, status); }
}  // namespace

void native_start(const OperatorPort& line) {
  print_line("kernel: no hypervisor: no balloon, no xenstore, no domains, one processor");
  OperatorPort port = virtio_devices_use("kernel", false);
  if (!archive_present()) print_line("kernel: no disk");
  start_test_programs();
  operator_start(port.write ? port : line, {"> ", execute}, platform.command_line());
}
