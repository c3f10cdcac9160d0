// Kernel heap: size classes of one page each, larger blocks are runs of frames.
#pragma once
#include "guests/lib/types.h"

inline void* operator new(size_t, void* at) noexcept { return at; }

void* heap_alloc(size_t bytes);  // zeroed; null when there is no memory
void heap_free(void* block);     // null is allowed

template <typename T>
T* heap_new() {
  void* p = heap_alloc(sizeof(T));
  return p ? new (p) T() : nullptr;
}
