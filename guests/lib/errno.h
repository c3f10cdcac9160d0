// Names of Xen's errno values (xen/errno.h).
#pragma once
#include "guests/lib/types.h"

#include <xen/errno.h>

// That Xen's header has not, with the numbers that its others have: Linux's.
constexpr int errno_pipe = 32, errno_connection_reset = 104, errno_canceled = 125;

// "ENOMEM" for XEN_ENOMEM or -XEN_ENOMEM; "EUNKNOWN" for a value that neither lists.
const char* errno_name(long error);
