// The portable kernel's table of contents.
#include "arch_trap.h"
#include "guests/kernel/dom0/dom0.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/process.h"
#include "guests/kernel/store_client.h"
#include "guests/kernel/thread.h"
#include "guests/lib/boot.h"
#include "guests/lib/console.h"
#include "guests/lib/panic.h"

static void start_program(const char* name) {
  if (!process_start(name, 0)) print_line("kernel: program %s cannot be started", name);
}

void guest_main() {
  map_shared_info();
  bool is_dom0 = boot_info->flags & SIF_INITDOMAIN;
  arch_install_traps();
  model_choose();
  BootFrames frames = model_boot();  // P2M and direct map
  frames_init(frames);
  model_reclaim(frames_give);
  if (!is_dom0)
    console_use_ring(frame_va(model_guest_frame(boot_info->console.domU.mfn)),
                     boot_info->console.domU.evtchn);
  print_line("kernel: %s, %lu MiB of at most %lu MiB, memory model %s", is_dom0 ? "dom0" : "domU",
             (frames.given + frames.extra) * page_bytes / MiB,
             (frames.limit + frames.extra) * page_bytes / MiB, memory_model->name);
  threads_init();
  if (is_dom0) {
    dom0_start();
  } else {
    store_client_start();
    start_program("forker");
    start_program("worker");
  }
  start_other_cpus();
  idle_loop();
}
