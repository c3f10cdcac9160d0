// Names of Xen's errno values (xen/errno.h).
#pragma once

// "ENOMEM" for XEN_ENOMEM or -XEN_ENOMEM; "EUNKNOWN" for a value the header does not list.
const char* errno_name(long error);
