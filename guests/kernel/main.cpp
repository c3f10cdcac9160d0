#include "arch_trap.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/process.h"
#include "guests/kernel/thread.h"
#include "guests/lib/boot.h"
#include "guests/lib/console.h"
#include "guests/lib/hypercall.h"
#include "guests/lib/panic.h"

void guest_main() {
  map_shared_info();
  arch_install_traps();
  frames_init(model_boot());
  model_reclaim(frames_give);
  threads_init();
  print_line("frames %lu %lu", frame_counts().owned, frame_counts().free);
  process_start("worker", 0);
  process_start("forker", 0);
  idle_loop();
}
