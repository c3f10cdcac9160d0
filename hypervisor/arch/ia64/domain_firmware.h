// Firmware of a domain: a page of procedures that ask the hypervisor, and one of EFI's and SAL's tables.
//
//   frame 0   +0 bundles: EFI runtime services (11), PAL_PROC, SAL_PROC      each: mov r2 = number; break;
//   br.ret frame 1   +0 EFI system table   +0x100 runtime services   +0x200 configuration table   +0x300 SAL
//   system table
//             +0x600 function descriptors   +0x700 vendor's name
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

constexpr unsigned kFirmwareFrames = 2;
constexpr u64 kFirmwareSystemTable = kPageSize;  ///< offset

/// Fills the frames, which the domain has at `base` and the one behind it.
void write_domain_firmware(u8* code, u8* tables, Paddr base);

}  // namespace hv
