// The window: kernel addresses for frames that are not this guest's, and for devices. Pages are taken in
// runs.
#pragma once
#include "direct_map.h"

// First of a run of `count` free slots, now taken; negative when there is none.
s64 window_take(unsigned count);
void window_give(unsigned slot, unsigned count);
inline void* window_va(unsigned slot) {
  return reinterpret_cast<void*>(window_base + (u64{slot} << page_shift));
}
inline unsigned window_slot(const void* va) {
  return static_cast<unsigned>((reinterpret_cast<u64>(va) - window_base) >> page_shift);
}
