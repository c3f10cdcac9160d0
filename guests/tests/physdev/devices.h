#pragma once
#include "guests/tests/lib/domain.h"

constexpr u32 gsi = 20;  // of the first interrupt controller, and no ISA device's
// How the architecture lets a kernel at devices.
void check_device_access();
