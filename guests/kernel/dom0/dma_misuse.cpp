#include "guests/kernel/dom0/dma_misuse.h"

#include "guests/kernel/virtio/virtio_block.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

void do_dma_misuse(const CommandLine& c, Status& status) {
  u64 machine;
  const char *const address = c.words[1], *const way = c.words[2];
  if (!parse_number(address, machine)) return status.fail(-XEN_EINVAL, "%s is no address", address);
  if (strcmp(way, "r") && strcmp(way, "w")) return status.fail(-XEN_EINVAL, "%s is neither r nor w", way);
  if (!data_disk.count) return status.fail(-XEN_ENXIO, "dom0 has no disk for data");
  print_line("dom0: the disk shall %s memory at %lx", *way == 'w' ? "write" : "read", machine);
  if (long error = virtio_block_misuse(data_disk, machine, *way == 'w'))
    status.fail(error, "the device does not do it");
}
