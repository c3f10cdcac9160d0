#pragma once
#include "guests/kernel/virtio/virtio_mmio.h"

// Makes the wire behind the device a port of this kernel's bridge; 0 or a negative errno.
long virtio_net_use(VirtioDevice& device);
