#include "guests/kernel/window.h"

#include "guests/lib/string.h"

namespace {
bool used[window_pages];
}

s64 window_take(unsigned count) {
  unsigned run = 0;
  for (unsigned i = 0; i < window_pages; i++) {
    run = used[i] ? 0 : run + 1;
    if (run != count) continue;
    memset(&used[i + 1 - count], 1, count);
    return i + 1 - count;
  }
  return -1;
}

void window_give(unsigned slot, unsigned count) { memset(&used[slot], 0, count); }
