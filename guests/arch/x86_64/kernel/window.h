// Kernel addresses of the window's places (guests/kernel/window.h).
#pragma once
#include "direct_map.h"
#include "guests/kernel/window.h"

static_assert(window_pages == window_tables * table_entries);

inline void* window_va(unsigned slot) {
  return reinterpret_cast<void*>(window_base + (u64{slot} << page_shift));
}
inline unsigned window_slot(const void* va) {
  return static_cast<unsigned>((reinterpret_cast<u64>(va) - window_base) >> page_shift);
}
