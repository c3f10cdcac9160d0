#include "guests/kernel/dom0/dom0.h"

#include "guests/kernel/balloon.h"
#include "guests/kernel/dom0/archive.h"
#include "guests/kernel/dom0/domain.h"
#include "guests/kernel/dom0/hypervisor_console.h"
#include "guests/kernel/dom0/module_disk.h"
#include "guests/kernel/dom0/operator.h"
#include "guests/kernel/virtio/virtio_block.h"
#include "guests/kernel/virtio/virtio_console.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"

namespace {
constexpr u32 virtio_id_block = 2, virtio_id_console = 3;

OperatorPort operator_port;

// The first device of each kind is dom0's; others stay untouched.
void take_device(VirtioDevice* d) {
  bool is_disk = d->id == virtio_id_block && !archive_present();
  bool is_console = d->id == virtio_id_console && !operator_port.write;
  if (!is_disk && !is_console) return;
  long error = is_disk ? virtio_block_use(*d) : virtio_console_use(*d, operator_port);
  const char* kind = is_disk ? "block" : "console";
  if (error)
    print_line("dom0: virtio %s device refused: %s", kind, errno_name(error));
  else
    print_line("dom0: virtio %s device, %s", kind, d->port >= 0 ? "interrupts" : "polling");
}
}  // namespace

void dom0_start() {
  balloon_start(nullptr);
  domain_watch_start();
  virtio_probe(take_device);
  // Without virtio: what the boot loader and the hypervisor's own console offer.
  if (!archive_present()) module_disk_use();
  if (!archive_present()) print_line("dom0: no disk");
  if (!operator_port.write) operator_port = hypervisor_console_port();
  operator_start(operator_port);
}
