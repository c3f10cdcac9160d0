#include "guests/kernel/virtio/virtio_devices.h"

#include "guests/kernel/operator/archive.h"
#include "guests/kernel/virtio/virtio_block.h"
#include "guests/kernel/virtio/virtio_console.h"
#include "guests/kernel/virtio/virtio_net.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"

namespace {
const char* user;
bool wire_wanted, archive_wanted;
OperatorPort operator_port;

long use_disk(VirtioDevice& d) {
  Sectors disk;
  if (long error = virtio_block_use(d, disk)) return error;
  if (archive_present() || !archive_wanted)
    data_disk = disk;
  else
    archive_use(disk);
  return 0;
}

long use_console(VirtioDevice& d) { return virtio_console_use(d, operator_port); }

constexpr struct {
  u32 id;
  const char* kind;
  bool (*wanted)();
  long (*use)(VirtioDevice& device);
} uses[] = {
    {1, "network", [] { return wire_wanted; }, virtio_net_use},
    {2, "block", [] { return !data_disk.count; }, use_disk},
    {3, "console", [] { return !operator_port.write; }, use_console},
};

// What there is no use for stays untouched.
void take_device(VirtioDevice* d) {
  for (const auto& use : uses) {
    if (use.id != d->id || !use.wanted()) continue;
    if (long error = use.use(*d))
      print_line("%s: virtio %s device refused: %s", user, use.kind, errno_name(error));
    else
      print_line("%s: virtio %s device, %s", user, use.kind, d->interrupts ? "interrupts" : "polling");
  }
}
}  // namespace

OperatorPort virtio_devices_use(const char* who, bool wire) {
  user = who;
  wire_wanted = wire;
  archive_wanted = true;
  virtio_probe(take_device);
  return operator_port;
}

bool virtio_device_use(const char* place, const char* who, bool wire) {
  user = who;
  wire_wanted = wire;
  return virtio_probe_at(place, take_device);
}
