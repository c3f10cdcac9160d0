// Which of the driver's objects is used: word `driver` of the kernel's command line.
#include "guests/kernel/virtio/virtio_block.h"

#include "guests/kernel/driver/block_driver.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/operator/boot_word.h"
#include "guests/kernel/platform.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
constexpr const BlockDriver* objects[] = {&transparent::virtio_block, &native::virtio_block,
                                          &paravirtual::virtio_block};
const BlockDriver* driver;

const BlockDriver* chosen() {
  char name[16];
  if (!boot_word(platform.command_line(), "driver", name, sizeof name)) return nullptr;
  if (!name[0]) return objects[0];
  for (const BlockDriver* d : objects)
    if (!strcmp(d->name, name)) return d;
  return nullptr;
}
}  // namespace

long virtio_block_use(VirtioDevice& device, Sectors& sectors) {
  if (!driver && !(driver = chosen())) return -XEN_ENOENT;
  if (long error = driver->usable()) {
    print_line("kernel: the %s driver is not for memory model %s", driver->name, memory_model->name);
    return error;
  }
  return driver->use(device, sectors);
}

const DiskCounts& virtio_block_counts() {
  static constexpr DiskCounts none{};
  return driver ? *driver->counts : none;
}

long virtio_block_misuse(const Sectors& disk, u64 machine, bool device_writes) {
  return driver->misuse(disk, machine, device_writes);
}
