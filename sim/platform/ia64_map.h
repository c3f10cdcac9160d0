// Physical addresses and interrupt numbers of the IA-64 machine (docs/machine.md). Devices lie where the
// x86-64 machine has them, in so far as the architecture leaves the choice; firmware at the top of 4 GiB,
// where a processor starts (PALE_RESET, SDM vol. 2 11.1.3).
#pragma once
#include "sim/platform/isa_ports.h"

namespace xs::platform::ia64_map {

inline constexpr u64 uart = 0xfea00000;  ///< the 16550 of port 0x3f8 once more, as memory
inline constexpr u64 virtio_base = 0xfeb00000, virtio_step = 0x200;
inline constexpr unsigned virtio_slots = 24;
inline constexpr u64 iosapic = 0xfec00000;  ///< global system interrupts 0 to 47
// The processors' interrupt block (0xfee00000, 2 MiB) is answered by the cores: cpu_ia64/system/sapic.h.

/// I/O ports as memory: port p at ((p >> 2) << 12) | (p & 0xfff), 64 MiB (SDM vol. 2 10.7).
inline constexpr u64 port_space = 0xffffc000000, port_space_size = u64{64} << 20;

/// Firmware: entry points only. A branch to one of them ends the run with the name of what was asked for.
inline constexpr u64 firmware = 0xff000000, firmware_size = u64{16} << 20;
inline constexpr u64 pal_proc = firmware, sal_proc = firmware + 0x10000;

inline constexpr unsigned virtio_gsi = 24;  ///< slot n: 24 + n, level, active high

}  // namespace xs::platform::ia64_map
