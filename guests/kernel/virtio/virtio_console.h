#pragma once
#include "guests/kernel/operator/operator.h"
#include "guests/kernel/virtio/virtio_mmio.h"

// Takes the device as operator channel; 0 or a negative errno.
long virtio_console_use(VirtioDevice& device, OperatorPort& port);
