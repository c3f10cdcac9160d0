// System time: nanoseconds since the hypervisor booted, from the VCPU's time page and the cycle counter.
#pragma once
#include "guests/lib/types.h"

u64 system_time_ns(unsigned vcpu);
