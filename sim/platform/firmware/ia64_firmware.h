// Names of firmware's procedures, so that a program that calls one which the ROM does not serve ends with a
// message that says which.
#pragma once
#include <string>

#include "sim/core/types.h"

namespace xs::platform {

/// PAL_PROC by its index (SDM vol. 2 11.10.1); r28 holds it in both calling conventions.
std::string pal_procedure(u64 index);
/// SAL_PROC by its first argument (SAL specification 9.2).
std::string sal_procedure(u64 function);
/// By what the ROM stores when it refuses (ia64::block_refused): 0 PAL or 1 SAL in bits 63:56, the number
/// below.
std::string refused_call(u64 call);

}  // namespace xs::platform
