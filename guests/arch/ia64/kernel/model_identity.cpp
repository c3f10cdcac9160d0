// Memory model `identity`: a domain whose frame numbers are the machine's. Region 7 shows its memory where it
// is.
#include "domain_memory.h"
#include "guests/kernel/identity_frames.h"
#include "guests/kernel/machine_map.h"
#include "guests/kernel/native/ram.h"
#include "image.h"
#include "kernel_window.h"
#include "model_flat.h"
#include "page_table.h"

namespace {
constexpr u64 region_bytes = 1ull << 61;

void add(const EfiMemoryDescriptor& d) { ram_add(d.first_byte, d.first_byte + d.pages * efi_page_bytes); }

BootFrames boot() {
  domain_memory_visit(add);
  ram_number_densely(image_first_frame(), image_end_frame());
  identity_number_rest_of_machine();
  return flat_boot();
}

void reclaim(void (*give)(Pfn first, u64 count)) {
  flat_reclaim(give);
  domain_memory_reserve();
}

// No table of its own memory: a frame is where its number says. And the window's, for what is not.
const MachineMap* machine_map() {
  static constexpr MachineMap map = {
      {{WINDOW_BASE, u64{window_pages} * page_bytes, 0, nullptr, window_entries, pte_present, pte_present,
        pte_address_mask, page_shift},
       {KERNEL_BASE, region_bytes, 0}},
      2};
  return &map;
}

constexpr GrantOps grant_ops = identity_grant_ops(nullptr);
}  // namespace

extern const MemoryModel model_identity;
constexpr MemoryModel model_identity = {"identity",       boot,
                                        reclaim,          ram_machine,
                                        ram_guest_frame,  identity_release,
                                        identity_accept,  identity_map_foreign,
                                        flat_map_device,  identity_unmap_window,
                                        flat_device_page, mapped_device_address,
                                        machine_map,      &grant_ops,
                                        flat_device_pages};
