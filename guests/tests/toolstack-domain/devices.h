#pragma once
#include "guests/tests/lib/domain.h"

// What is given to the domain, which is destroyed afterwards.
void check_devices(u32 domain);
