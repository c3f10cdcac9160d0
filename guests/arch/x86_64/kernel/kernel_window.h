// Kernel addresses of the window's places (guests/kernel/window.h); and what they show, where page tables are
// plain memory (plain_tables.cpp).
#pragma once
#include "direct_map.h"
#include "guests/kernel/window.h"

static_assert(window_pages == window_tables * table_entries);

inline bool in_window(const void* va) {
  return reinterpret_cast<u64>(va) - window_base < u64{window_pages} * page_bytes;
}
inline void* window_va(unsigned slot) {
  return reinterpret_cast<void*>(window_base + (u64{slot} << page_shift));
}
inline unsigned window_slot(const void* va) {
  return static_cast<unsigned>((reinterpret_cast<u64>(va) - window_base) >> page_shift);
}

// `frame`: the number by which page tables know it.
void window_show(unsigned slot, u64 frame, bool writable);
// The frame that is shown there, which is not any more; invalid_frame: none was.
u64 window_hide(unsigned slot);
// ... while the frame is still the kernel's to see: CPUs may know it there.
void window_forget(unsigned slot);
