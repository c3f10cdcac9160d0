#include "guests/kernel/dom0/dom0.h"

#include "guests/kernel/balloon.h"
#include "guests/kernel/dom0/archive.h"
#include "guests/kernel/dom0/domain.h"
#include "guests/kernel/dom0/hypervisor_console.h"
#include "guests/kernel/dom0/module_disk.h"
#include "guests/kernel/dom0/operator.h"
#include "guests/lib/console.h"

void dom0_start() {
  balloon_start(nullptr);
  domain_watch_start();
  // Virtio where the machine has it; else what the boot loader and the hypervisor's own console offer.
  if (!archive_present()) module_disk_use();
  if (!archive_present()) print_line("dom0: no disk");
  operator_start(hypervisor_console_port());
}
