// Addresses and interrupt numbers of QEMU 7.2's `-M microvm` with ACPI on (its default), read from
// `info mtree -f`, `info qtree` and its ACPI tables.
#pragma once
#include "sim/platform/isa_ports.h"

namespace xs::platform::microvm {

// Ports.
inline constexpr u64 pic_master = 0x20, pic_slave = 0xa0, pic_elcr = 0x4d0;
inline constexpr u64 pit = 0x40;
inline constexpr u64 rtc = 0x70;

// Memory-mapped registers.
inline constexpr u64 ged_events = 0xfea00000, ged_power = 0xfea00200;
inline constexpr u64 virtio_base = 0xfeb00000, virtio_step = 0x200;
inline constexpr unsigned virtio_slots = 24;
inline constexpr u64 ioapic[2] = {0xfec00000, 0xfec10000};
inline constexpr u64 local_apic = 0xfee00000;

// Global system interrupts: 0..23 are the first I/O APIC's pins, 24..47 the second's.
inline constexpr unsigned irq_pit = 0, irq_rtc = 8, irq_ged = 9;
inline constexpr unsigned pit_gsi = 2;      ///< ISA interrupt 0 is wired to pin 2
inline constexpr unsigned virtio_gsi = 24;  ///< slot n: 24 + n, level, active high

}  // namespace xs::platform::microvm
