/* The vectors of a domain. */
#include "layout.h"
#include "privileged_xen.inc"

#define NAME(name) xen_##name
#include "vectors.inc"
