#pragma once

namespace hv {

/// Fills BootMemory from what firmware_init() has found.
void boot_memory_init();

}  // namespace hv
