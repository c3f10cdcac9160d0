// Xen's core public header with what it expects to be there already. Include this, not <xen/xen.h>.
#pragma once
#include "guests/lib/types.h"

#include <xen/xen.h>
