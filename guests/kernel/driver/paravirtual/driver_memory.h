// What a driver knows of memory when it is built for domains: the model's tables, which it reads itself.
#pragma once
#include "guests/kernel/machine_map.h"
#include "guests/kernel/memory_model.h"
#include "guests/lib/errno.h"

#define DRIVER_FLAVOUR paravirtual

namespace paravirtual {
constexpr const char* flavour = "paravirtual";
constexpr bool devices_reach_all = false;
inline const MachineMap* map;

inline long usable() {
  map = memory_model->machine_map ? memory_model->machine_map() : nullptr;
  return map ? 0 : -XEN_EOPNOTSUPP;
}
inline void* device_page() { return memory_model->device_page(); }
inline u64 device_address(const void* va) { return machine_map_address(*map, va); }
}  // namespace paravirtual
