// Xen's core public header with what it expects to be there already. Include this, not <xen/xen.h>, which
// does not know every architecture.
#pragma once
#include "guests/lib/types.h"

#include "arch_xen_abi.h"
