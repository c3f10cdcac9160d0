// Where the image lies in memory.
#pragma once
#include "arch_cpu.h"

extern "C" {
extern const char image_start[], image_end[];
extern u64 image_physical;  // of its 16 MiB; set at the entry
}

inline Pfn image_first_frame() { return image_physical >> page_shift; }
inline Pfn image_end_frame() {
  return image_first_frame() + div_up(static_cast<u64>(image_end - image_start), page_bytes);
}
