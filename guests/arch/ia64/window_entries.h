// What region 4 shows, page by page (vectors.inc): translations as the processor takes them; 0: nothing.
#pragma once
#include "guests/lib/types.h"
#include "layout.h"

#include "arch_cpu.h"

constexpr unsigned window_entry_count = 1u << (WINDOW_SHIFT - page_shift);
extern "C" u64 window_entries[window_entry_count];
