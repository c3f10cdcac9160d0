#include "guests/kernel/suspend.h"

#include "guests/kernel/granted.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/platform.h"
#include "guests/kernel/thread.h"
#include "guests/kernel/xenbus/device.h"
#include "guests/lib/boot.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/events.h"
#include "guests/lib/hypercall.h"
#include "guests/lib/panic.h"
#include "guests/lib/time.h"

namespace {
// Whoever makes a domain of this memory writes both ports; who lets this one go on does not.
bool is_another_domain() { return boot_info->store_evtchn != 0; }

// What start_info tells of frames, by numbers that are this domain's own; its ports end with it.
struct StartInfo {
  u64 store, console;
  u32 store_port, console_port;
};

StartInfo take_down_start_info() {
  start_info_t& s = *boot_info;
  const StartInfo before{s.store_mfn, s.console.domU.mfn, s.store_evtchn, s.console.domU.evtchn};
  s.store_mfn = model_guest_frame(before.store);
  s.console.domU.mfn = model_guest_frame(before.console);
  s.store_evtchn = s.console.domU.evtchn = 0;
  return before;
}

void put_back_start_info(const StartInfo& before) {
  start_info_t& s = *boot_info;
  s.store_mfn = before.store, s.console.domU.mfn = before.console;
  s.store_evtchn = before.store_port, s.console.domU.evtchn = before.console_port;
}

void show_grants(const u32* links) {
  if (!memory_model->grants) return;
  if (long error = grant_table_bring_up(memory_model->grants->table_place, links))
    panic("the grant table cannot be shown again: %s", errno_name(error));
}

// Everything that this kernel has from the hypervisor and from other domains is a new one's.
void begin_anew(const u32* links, u64 time_before) {
  events_forget();
  if (memory_model->resumed) memory_model->resumed();
  show_grants(links);
  bus_devices_resumed();
  platform.resumed(time_before);
  print_line("resumed");
}

struct Block {
  explicit Block(u64 bytes) : at(heap_alloc(bytes)) {}
  ~Block() { heap_free(at); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  void* at;
};
}  // namespace

bool suspend() {
  cpus_leave();
  const Block block(max_of<u64>(grant_references(), 1) * sizeof(u32));
  auto* const links = static_cast<u32*>(block.at);
  if (!links) return cpus_return(false), print_line("suspend: no memory for what is granted"), false;
  const u64 time_before = now_ns();
  const StartInfo before = take_down_start_info();
  grant_table_take_down(links);
  unmap_shared_info();
  const long error = hypercall_suspend(model_machine(boot_info_frame()));
  const bool another = is_another_domain();
  if (!another) put_back_start_info(before);
  map_shared_info();
  if (another)
    begin_anew(links, time_before);
  else
    show_grants(nullptr);
  cpus_return(another);
  if (error) print_line("suspend: %s", errno_name(error));
  return another;
}
