#pragma once
#include "guests/kernel/block/sectors.h"
#include "guests/kernel/virtio/virtio_mmio.h"

// Takes the device as a disk, for ever; 0 or a negative errno.
long virtio_block_use(VirtioDevice& device, Sectors& sectors);
// What no driver should do: moves the first sector of a disk to or from any machine address. 0, or a negative
// errno where the device refuses.
long virtio_block_misuse(const Sectors& disk, u64 machine, bool device_writes);

// Of all disks, since the beginning; header and status are descriptors, too.
struct DiskCounts {
  u64 requests, descriptors;
};
const DiskCounts& virtio_block_counts();
