#pragma once
#include "guests/kernel/block/sectors.h"
#include "guests/kernel/virtio/virtio_mmio.h"

// Takes the device as a disk, for ever; 0 or a negative errno.
long virtio_block_use(VirtioDevice& device, Sectors& sectors);
