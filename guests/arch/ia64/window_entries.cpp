#include "window_entries.h"

u64 window_entries[window_entry_count];
