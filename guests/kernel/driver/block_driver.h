// One driver, three objects: driver/virtio_block.cpp is compiled with each of these folders on the include
// path.
//
//   native/driver_memory.h         as the bare machine has it: address arithmetic, no frames set aside
//   paravirtual/driver_memory.h    as domains have it: the memory model's table (machine_map.h), looked up
//   inline transparent/driver_memory.h    calls through the seam (memory_model.h), whatever is behind it
//
// Each header makes a namespace DRIVER_FLAVOUR with
//   flavour                its name
//   usable()               0, or why no driver of this kind can work in this kernel (negative errno)
//   device_page()          a page that devices reach, for ever; null: none left
//   device_address(va)     what a device calls that byte; 0: it does not reach it
//   devices_reach_all      device_address() is never 0
#pragma once
#include "guests/kernel/block/sectors.h"
#include "guests/kernel/virtio/virtio_block.h"
#include "guests/kernel/virtio/virtio_mmio.h"

struct BlockDriver {
  const char* name;
  long (*usable)();
  long (*use)(VirtioDevice& device, Sectors& sectors);
  long (*misuse)(const Sectors& disk, u64 machine, bool device_writes);
  const DiskCounts* counts;  // of its disks
};

namespace native {
extern const BlockDriver virtio_block;
}
namespace paravirtual {
extern const BlockDriver virtio_block;
}
namespace transparent {
extern const BlockDriver virtio_block;
}
