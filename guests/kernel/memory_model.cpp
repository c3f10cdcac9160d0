#include "guests/kernel/memory_model.h"

#include "guests/kernel/machine_map.h"
#include "guests/lib/boot.h"
#include "guests/lib/hypercall.h"

const MemoryModel* memory_model;

Pfn model_reservation_limit() {
  if (boot_info->flags & SIF_INITDOMAIN) return boot_info->nr_pages;
  domid_t self = DOMID_SELF;
  long maximum = hypercall_memory_op(XENMEM_maximum_reservation, &self);
  constexpr long sane_frames = 1 << 22;  // 16 GiB: a larger answer means "unlimited"
  return max_of<Pfn>(boot_info->nr_pages,
                     maximum > 0 && maximum <= sane_frames ? static_cast<Pfn>(maximum) : 0);
}

u64 mapped_device_address(const void* va) { return machine_map_address(*memory_model->machine_map(), va); }
