// Physical addresses and interrupt numbers of the IA-64 machine (docs/machine.md). Devices lie where the
// x86-64 machine has them, in so far as the architecture leaves the choice; firmware at the top of 4 GiB
// (SDM vol. 2 11.1.3).
#pragma once
#include "sim/platform/isa_ports.h"

namespace xs::platform::ia64_map {

inline constexpr u64 uart = 0xfea00000;   ///< the 16550 of port 0x3f8 once more, as memory
inline constexpr u64 power = 0xfea00200;  ///< ACPI sleep control, sleep status, reset
inline constexpr u64 virtio_base = 0xfeb00000, virtio_step = 0x200;
inline constexpr unsigned virtio_slots = 24;
inline constexpr u64 iosapic = 0xfec00000;  ///< global system interrupts 0 to 47
// The processors' interrupt block (0xfee00000, 2 MiB) is answered by the cores: cpu_ia64/system/sapic.h.

/// I/O ports as memory: port p at ((p >> 2) << 12) | (p & 0xfff), 64 MiB (SDM vol. 2 10.7).
inline constexpr u64 port_space = 0xffffc000000, port_space_size = u64{64} << 20;

/// Firmware's ROM (guests/ia64/firmware): PAL first, a piece that can be mapped alone, SAL and EFI behind it.
inline constexpr u64 firmware = 0xff000000, firmware_size = u64{16} << 20;
inline constexpr u64 pal_proc = firmware, pal_size = 0x4000;
inline constexpr u64 pal_ratio = pal_proc + 0x20;  ///< written by the board
inline constexpr u64 sal_proc = pal_proc + pal_size, efi_services = sal_proc + 0x10;  ///< 16 bytes each
inline constexpr u8 wake_vector = 0xf0;  ///< of processors that wait in the ROM

// What firmware and board leave in DRAM for an operating system, all below 1 MiB.
inline constexpr u64 boot_data = 0xd0000, boot_data_end = 0xe0000;     ///< boot parameters, command line
inline constexpr u64 acpi = boot_data_end, acpi_end = 0xf0000;         ///< RSDP first
inline constexpr u64 runtime_data = acpi_end, runtime_end = 0x100000;  ///< firmware's own; gp
inline constexpr u64 runtime_tables = runtime_data + 0x4000;           ///< EFI, SAL, HCDP

inline constexpr unsigned virtio_gsi = 24;  ///< slot n: 24 + n, level, active high

}  // namespace xs::platform::ia64_map
