#pragma once
#include "hypervisor/common/boot.h"

namespace hv {

/// Fills boot_memory from hvm_start_info; returns the ACPI RSDP's address (0: none). Copies the command
/// lines.
Paddr boot_memory_init(Paddr start_info);

}  // namespace hv
