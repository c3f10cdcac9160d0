// The window's places (guests/kernel/window.h) as pages of region 4, for memory whose frames are not the
// kernel's to arrange: place n shows what entry n says. The miss handler reads the entries (vectors.inc).
#pragma once
#include "guests/kernel/window.h"
#include "window_entries.h"

static_assert(window_pages == window_entry_count);

inline bool in_window(const void* va) {
  return (reinterpret_cast<u64>(va) - WINDOW_BASE) >> WINDOW_SHIFT == 0;
}
inline void* window_va(unsigned slot) {
  return reinterpret_cast<void*>(WINDOW_BASE + (u64{slot} << page_shift));
}
inline unsigned window_slot(const void* va) {
  return static_cast<unsigned>((reinterpret_cast<u64>(va) - WINDOW_BASE) >> page_shift);
}

void window_show(unsigned slot, Mfn frame, bool writable);
// The frame that is shown there, which is not any more; invalid_frame: none was.
Mfn window_hide(unsigned slot);
// window_hide() has purged it.
inline void window_forget(unsigned) {}
