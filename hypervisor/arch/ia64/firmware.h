// The machine's firmware: what it hands over, and its calls, which are made virtually through the direct map.
// Sources: Linux's ia64_boot_param; UEFI specification 4.2 to 4.6, 7.2; SAL specification 3.2.6, 9; SDM vol.
// 2 11.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

/// Where r28 points at the entry; addresses are physical. The last two are Xen's.
struct BootParameters {
  Paddr command_line, system_table;
  Paddr memory_map;
  u64 memory_map_bytes, descriptor_bytes;
  u32 descriptor_version;
  u16 console[4];
  Paddr fpswa, initrd;
  u64 initrd_bytes;
  Paddr domain;
  u64 domain_bytes;
};
static_assert(sizeof(BootParameters) == 96);

struct EfiDescriptor {
  u32 type, pad;
  Paddr physical;
  u64 virtual_address, pages, attribute;  ///< of 4 KiB
};
constexpr u32 kEfiLoaderCode = 1, kEfiLoaderData = 2, kEfiBootCode = 3, kEfiBootData = 4,
              kEfiConventional = 7;

/// Looks up the tables. `parameters` is r28.
void firmware_init(Paddr parameters);
const BootParameters& boot_parameters();
Paddr firmware_rsdp();
/// Vector that wakes processors from SAL's rendezvous.
u64 firmware_wake_vector();

struct FirmwareResult {
  s64 status;
  u64 value[3];
};
FirmwareResult pal_call(u64 index, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0);
FirmwareResult sal_call(u64 function, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0);

constexpr u64 kPalFreqRatios = 14, kPalHaltLight = 29, kPalPtceInfo = 6;
constexpr u64 kSalSetVectors = 0x01000000, kSalFreqBase = 0x01000012;

/// EFI's real-time clock: seconds since 1970, 0 when it does not tell.
u64 firmware_wall_clock();

}  // namespace hv
