// What a driver domain has of its own, the toolstack tells in its store directory: devices/<slot> =
// <size>@<base>:<irq>.
//
//   backend=block   the disk among them holds what others' virtual disks are made of
//   backend=net     a network device among them is a port of the bridge; without one there are frontends
//   alone
#include "guests/kernel/driver_domain.h"

#include "guests/kernel/block/blkif.h"
#include "guests/kernel/net/netif.h"
#include "guests/kernel/operator/boot_word.h"
#include "guests/kernel/virtio/virtio_devices.h"
#include "guests/kernel/xenbus/device.h"
#include "guests/lib/console.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"

namespace {
constexpr char directory[] = "devices";
bool network;

void look_for_devices() {
  static u32 taken;  // by slot
  char names[128], place[store_text_max];
  const long length = store_list(directory, names, sizeof names);
  for (long at = 0; at < length; at += static_cast<long>(strlen(names + at)) + 1) {
    u64 slot;
    if (!parse_number(names + at, slot) || slot >= 32 || taken >> slot & 1) continue;
    if (store_read_text(directory, names + at, place, sizeof place)) continue;
    taken |= 1u << slot;
    if (!virtio_device_use(place, "driver domain", network))
      print_line("driver domain: no device at %s", place);
  }
}

void drive(void*) {
  u32 domain;
  WaitQueue wake{};
  StoreWatcher watcher{directory, &wake};
  if (network && bus_own_domain(domain)) netback_start(domain);
  store_watch(watcher);
  for (bool serving = false;;) {
    while (!watcher.fired) wait_on(wake);
    watcher.fired = false;
    look_for_devices();
    if (serving || !data_disk.count) continue;
    blkback_start();
    serving = true;
  }
}
}  // namespace

bool driver_domain_start(const char* command_line) {
  char word[16];
  boot_word(command_line, "backend", word, sizeof word);
  network = !strcmp(word, "net");
  if ((network || !strcmp(word, "block")) && !thread_create("drivers", drive, nullptr))
    panic("no memory for the drivers' thread");
  return network;
}
