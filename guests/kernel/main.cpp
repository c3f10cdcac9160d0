// The portable kernel's table of contents.
#include "guests/kernel/frames.h"
#include "guests/kernel/platform.h"
#include "guests/kernel/thread.h"
#include "guests/lib/console.h"

void kernel_main(const Platform& found) {
  platform = found;
  platform.start();
  memory_model = platform.model();
  BootFrames frames = model_boot();  // P2M and direct map
  frames_init(frames);
  model_reclaim(frames_give);
  platform.use_memory();
  print_line("kernel: %s, %lu MiB of at most %lu MiB, memory model %s", platform.role(),
             (frames.given + frames.extra) * page_bytes / MiB,
             (frames.limit + frames.extra) * page_bytes / MiB, memory_model->name);
  threads_init();
  platform.start_services();
  start_other_cpus();
  idle_loop();
}
