// The devices that the kernel uses itself: the first disk for its archive, the second one for data, and the
// first console as operator channel.
#pragma once
#include "guests/kernel/operator/operator.h"

// Looks for them and says what it found, as `who`. Without a console the port has no functions.
OperatorPort virtio_devices_use(const char* who);
