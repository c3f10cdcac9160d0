// What a driver knows of memory when it is built for the bare machine: devices' addresses are the
// processor's.
#pragma once
#include "arch_physical.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/memory_model.h"
#include "guests/lib/errno.h"

#define DRIVER_FLAVOUR native

namespace native {
constexpr const char* flavour = "native";
constexpr bool devices_reach_all = true;

inline long usable() { return arch_physical_is_machine() ? 0 : -XEN_EOPNOTSUPP; }
inline void* device_page() {
  const Pfn frame = frames_alloc();
  return frame == invalid_frame ? nullptr : frame_va(frame);
}
inline u64 device_address(const void* va) { return arch_physical_address(va); }
}  // namespace native
