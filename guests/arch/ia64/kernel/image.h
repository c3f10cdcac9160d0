// Where the image lies in memory.
#pragma once
#include "arch_cpu.h"
#include "guest_physical.h"

extern "C" {
extern const char image_start[], image_end[];
}

inline Pfn image_first_frame() { return (image_physical + IMAGE_OFFSET) >> page_shift; }
inline Pfn image_end_frame() {
  return image_first_frame() + div_up(static_cast<u64>(image_end - image_start), page_bytes);
}
