/* The vectors of the bare machine. */
#include "layout.h"
#include "privileged.inc"

#define NAME(name) native_##name
#include "vectors.inc"
