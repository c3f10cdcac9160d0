// What decoded code depends on besides its bytes: bits of PSR, in Processor::code_mode and in a block's mode;
// with PSR.ri, the slot that a block begins with.
#pragma once
#include "sim/cpu_ia64/system/psr.h"

namespace xs::ia64 {

inline constexpr u64 code_mode_bits =
    psr::cpl | psr::it | psr::be | psr::dfl | psr::dfh | psr::vm | psr::pk | psr::bn;

}  // namespace xs::ia64
