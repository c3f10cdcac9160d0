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

// The first device of each kind is taken; others stay untouched.
void take_device(VirtioDevice* d) {
  bool is_disk = d->id == virtio_id_block && !archive_present();
  bool is_console = d->id == virtio_id_console && !operator_port.write;
  if (!is_disk && !is_console) return;
  long error = is_disk ? virtio_block_use(*d) : virtio_console_use(*d, operator_port);
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
