// What decoded code depends on besides its bytes: bits of PSR, in Processor::code_mode and in a block's mode;
// with PSR.ri, the slot that a block begins with.
#pragma once
#include "sim/cpu_ia64/system/psr.h"

namespace xs::ia64 {

inline constexpr u64 code_mode_bits =
    psr::cpl | psr::it | psr::be | psr::dfl | psr::dfh | psr::vm | psr::pk | psr::bn;

// Where PSR has nothing, Processor::code_mode has two things more, so that one comparison tells a branch
// whether a block may be entered: a flag that makes no block match, and the epoch, which changes when a
// translation of code may have gone.
inline constexpr u64 mode_attention = u64{1} << 63;
inline constexpr u64 mode_epoch_step = u64{1} << 47, mode_epoch = mode_attention - mode_epoch_step;
static_assert((code_mode_bits & (mode_attention | mode_epoch)) == 0);

}  // namespace xs::ia64
