// A kernel's own arithmetic from its addresses to physical ones: what drivers of the bare machine are built
// with.
#pragma once
#include "guests/lib/types.h"
#include "layout.h"

// Region 7 shows memory where it is.
inline u64 arch_physical_address(const void* va) { return reinterpret_cast<u64>(va) - KERNEL_BASE; }
inline bool arch_physical_is_machine() { return true; }
