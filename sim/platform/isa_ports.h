// Port numbers that every board has, as on a PC.
#pragma once
#include "sim/core/types.h"

namespace xs::platform::isa {

inline constexpr u64 debug_exit = 0xf4;  ///< -device isa-debug-exit,iobase=0xf4,iosize=4
inline constexpr u64 com1 = 0x3f8;
inline constexpr unsigned irq_com1 = 4;

}  // namespace xs::platform::isa
