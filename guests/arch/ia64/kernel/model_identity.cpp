// Memory model `identity`: a domain whose frame numbers are the machine's. What it got is what it has: like
// Xen's domain 0 of the time when it ran that way, it has no balloon, and it cannot show other domains'
// frames.
#include "domain_memory.h"
#include "guests/kernel/machine_map.h"
#include "guests/kernel/native/ram.h"
#include "image.h"
#include "model_flat.h"

namespace {
constexpr u64 region_bytes = 1ull << 61;

void add(const EfiMemoryDescriptor& d) { ram_add(d.first_byte, d.first_byte + d.pages * efi_page_bytes); }

BootFrames boot() {
  domain_memory_visit(add);
  ram_number_densely(image_first_frame(), image_end_frame());
  return flat_boot();
}

void reclaim(void (*give)(Pfn first, u64 count)) {
  flat_reclaim(give);
  domain_memory_reserve();
}

// No table: a frame is where its number says.
const MachineMap* machine_map() {
  static constexpr MachineMap map = {{{KERNEL_BASE, region_bytes, 0}}, 1};
  return &map;
}
}  // namespace

extern const MemoryModel model_identity;
constexpr MemoryModel model_identity = {"identity",      boot,        reclaim,          ram_machine,
                                        ram_guest_frame, flat_refuse, flat_refuse,      flat_no_foreign,
                                        flat_map_device, flat_unmap,  flat_device_page, flat_device_address,
                                        machine_map,     nullptr};
