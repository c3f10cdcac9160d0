#include "guests/kernel/virtio/virtio_devices.h"

#include "guests/kernel/operator/archive.h"
#include "guests/kernel/virtio/virtio_block.h"
#include "guests/kernel/virtio/virtio_console.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"

namespace {
constexpr u32 virtio_id_block = 2, virtio_id_console = 3;

const char* user;
OperatorPort operator_port;

long use_disk(VirtioDevice& d) {
  Sectors disk;
  if (long error = virtio_block_use(d, disk)) return error;
  if (archive_present())
    data_disk = disk;
  else
    archive_use(disk);
  return 0;
}

// What there is no use for stays untouched.
void take_device(VirtioDevice* d) {
  bool is_disk = d->id == virtio_id_block && !data_disk.count;
  bool is_console = d->id == virtio_id_console && !operator_port.write;
  if (!is_disk && !is_console) return;
  long error = is_disk ? use_disk(*d) : virtio_console_use(*d, operator_port);
  const char* kind = is_disk ? "block" : "console";
  if (error)
    print_line("%s: virtio %s device refused: %s", user, kind, errno_name(error));
  else
    print_line("%s: virtio %s device, %s", user, kind, d->interrupts ? "interrupts" : "polling");
}
}  // namespace

OperatorPort virtio_devices_use(const char* who) {
  user = who;
  virtio_probe(take_device);
  return operator_port;
}
