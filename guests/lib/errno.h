// Names of Xen's errno values (xen/errno.h).
#pragma once
#include "guests/lib/types.h"

#include <xen/errno.h>

// "ENOMEM" for XEN_ENOMEM or -XEN_ENOMEM; "EUNKNOWN" for a value the header does not list.
const char* errno_name(long error);
