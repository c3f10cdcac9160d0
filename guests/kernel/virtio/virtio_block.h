#pragma once
#include "guests/kernel/virtio/virtio_mmio.h"

// Takes the device as dom0's disk; 0 or a negative errno.
long virtio_block_use(VirtioDevice& device);
