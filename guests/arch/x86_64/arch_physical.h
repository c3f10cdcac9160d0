// A kernel's own arithmetic from its addresses to physical ones: what drivers of the bare machine are built
// with.
#pragma once
#include "guests/kernel/native/ram.h"
#include "kernel/direct_map.h"

// The direct map and the image's map show a frame at its number.
inline u64 arch_physical_address(const void* va) {
  const auto at = reinterpret_cast<u64>(va);
  return at - (at >= boot_virt_base ? boot_virt_base : direct_map_base);
}
// RAM far away has other numbers than its own (ram.h). In a domain nothing here can tell.
inline bool arch_physical_is_machine() { return ram_has_machine_numbers(); }
