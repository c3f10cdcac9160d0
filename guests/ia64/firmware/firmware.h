// Firmware's data, and what its parts use of each other. It lies in DRAM, the code in ROM: after
// SetVirtualAddressMap both are wherever the operating system has them, the data where gp says.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "guests/ia64/firmware/layout.h"

namespace firmware {

using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;

/// Of PAL and SAL: r8 to r11.
struct Result {
  int64_t status = 0;
  u64 first = 0, second = 0, third = 0;
};

/// At DATA_START. The board writes the first four.
struct Data {
  u64 frequency_hz;                     ///< of ar.itc
  u64 wall_clock_s;                     ///< Unix time when ar.itc was 0
  u64 base_hz;                          ///< the platform's clock, which PAL_FREQ_RATIOS' numbers multiply
  u64 system_table;                     ///< EFI's, physical
  u64 rendezvous_entry, rendezvous_gp;  ///< where processors that are woken go; 0: nobody has said
  u64 reserved[2];
  u64 mc_expected[8];  ///< PAL_MC_EXPECTED, by local id
  u64 clock_offset_s;  ///< by SetTime
  u32 monotonic_high;  ///< GetNextHighMonotonicCount
  bool is_virtual;     ///< SetVirtualAddressMap has been called
};
static_assert(offsetof(Data, rendezvous_entry) == DATA_RENDEZVOUS &&
              offsetof(Data, mc_expected) == DATA_MC_EXPECTED);

extern "C" {
extern Data firmware_data;
/// The run ends. Returning it makes a jump of the call: the message then names who called firmware.
Result refuse(u64 kind, u64 number);
void store_device(u64 physical, u64 value, u64 size);
}

}  // namespace firmware
