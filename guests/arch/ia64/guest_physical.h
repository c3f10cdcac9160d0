// Where the kernel's own addresses lie in memory.
#pragma once
#include "guests/lib/types.h"
#include "layout.h"

extern "C" u64 image_physical;  // where the image's 16 MiB are; set at the entry

inline u64 guest_physical(const volatile void* p) {
  const u64 va = reinterpret_cast<u64>(p), image = va - IMAGE_BASE - IMAGE_PA;
  return image < u64{1} << IMAGE_SHIFT ? image_physical + image : va - KERNEL_BASE;
}

// As arguments of hypercalls, and in the structures that these point to: bit 63 says that the address is a
// physical one, of memory without a gap.
inline u64 hypercall_address(const volatile void* p) { return p ? guest_physical(p) | u64{1} << 63 : 0; }
