// The devices that the kernel uses itself: the first disk for its archive, the second one for data, the
// first console as operator channel; and what leads to a wire as a port of its bridge.
#pragma once
#include "guests/kernel/operator/operator.h"

// Looks for them and says what it found, as `who`. Without a console the port has no functions.
OperatorPort virtio_devices_use(const char* who, bool wire);
// The device at <size>@<base>:<irq>, by a kernel that has no archive: a disk is for data. False: none is
// there.
bool virtio_device_use(const char* place, const char* who, bool wire);
