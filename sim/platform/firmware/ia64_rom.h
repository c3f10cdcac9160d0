// Firmware's ROM image (guests/ia64/firmware, built into this program), and what the board sets in it.
#pragma once
#include "sim/platform/dram.h"

namespace xs::platform {

struct Ia64RomSettings {
  u64 frequency_hz = 0;  ///< of the cores and their ITC
  u64 wall_clock_s = 0;  ///< Unix time at reset
};

/// Puts the ROM and its data into the machine; returns where processors wait for their wake-up.
u64 add_ia64_rom(Dram& dram, const Ia64RomSettings& settings);

}  // namespace xs::platform
