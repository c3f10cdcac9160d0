#pragma once
#include "guests/lib/types.h"
#include "hypervisor/abi/observe.h"

static_assert(XS_TAP_GUEST_P2M == 32, "taps.S has the number in assembly");

// The only store into this guest's P2M.
extern "C" void tap_store_p2m(u64* entry, u64 frame);
