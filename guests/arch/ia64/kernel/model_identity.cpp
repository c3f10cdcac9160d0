// Memory model `identity`: a domain whose frame numbers are the machine's. What it got is what it has: like
// Xen's domain 0 of the time when it ran that way, it has no balloon, and it cannot show other domains'
// frames.
#include "domain_memory.h"
#include "guests/kernel/native/ram.h"
#include "image.h"
#include "model_flat.h"

namespace {
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
}  // namespace

extern const MemoryModel model_identity;
constexpr MemoryModel model_identity = {"identity",       boot,
                                        reclaim,          ram_machine,
                                        ram_guest_frame,  flat_refuse,
                                        flat_refuse,      flat_no_foreign,
                                        flat_map_device,  flat_unmap,
                                        flat_device_page, flat_device_address,
                                        nullptr,          flat_device_pages};
