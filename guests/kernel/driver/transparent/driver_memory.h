// What a driver knows of memory when it is built for every kernel of this one's: nothing. It asks the model.
#pragma once
#include "guests/kernel/memory_model.h"

#define DRIVER_FLAVOUR transparent

namespace transparent {
constexpr const char* flavour = "transparent";
constexpr bool devices_reach_all = false;

inline long usable() { return 0; }
inline void* device_page() { return memory_model->device_page(); }
inline u64 device_address(const void* va) { return memory_model->device_address(va); }
}  // namespace transparent
