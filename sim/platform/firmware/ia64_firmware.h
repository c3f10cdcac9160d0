// Entry points of IA-64 firmware. This machine has none: what is known here is their names, so that a program
// which calls one ends with a message that says which.
#pragma once
#include <string>

#include "sim/core/types.h"

namespace xs::platform {

/// PAL_PROC by its index (SDM vol. 2 11.10.1); r28 holds it in both calling conventions.
std::string pal_procedure(u64 index);
/// SAL_PROC by its first argument (SAL specification 9.2).
std::string sal_procedure(u64 function);
/// What is called at `pa`; "" outside the firmware's place. `r28` and `in0` as at the call.
std::string firmware_call(u64 pa, u64 r28, u64 in0);

}  // namespace xs::platform
