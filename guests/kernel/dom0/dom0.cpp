#include "guests/kernel/dom0/dom0.h"

#include "guests/kernel/balloon.h"
#include "guests/kernel/block/blkif.h"
#include "guests/kernel/dom0/domain.h"
#include "guests/kernel/dom0/hypervisor_console.h"
#include "guests/kernel/dom0/module_disk.h"
#include "guests/kernel/dom0/network_attach.h"
#include "guests/kernel/dom0/store_local.h"
#include "guests/kernel/dom0/toolstack.h"
#include "guests/kernel/net/netif.h"
#include "guests/kernel/net/stack.h"
#include "guests/kernel/operator/archive.h"
#include "guests/kernel/operator/operator.h"
#include "guests/kernel/platform.h"
#include "guests/kernel/virtio/virtio_devices.h"
#include "guests/lib/console.h"

void dom0_start() {
  balloon_start(nullptr);
  store_local_use();
  domain_watch_start();
  stack_name = network_host;
  netback_start(0);
  blkback_start();
  OperatorPort operator_port = virtio_devices_use("dom0", true);
  // Without virtio: what the boot loader and the hypervisor's own console offer.
  if (!archive_present()) module_disk_use();
  if (!archive_present()) print_line("dom0: no disk");
  if (!operator_port.write) operator_port = hypervisor_console_port();
  operator_start(operator_port, {"xl> ", toolstack_execute}, platform.command_line());
}
