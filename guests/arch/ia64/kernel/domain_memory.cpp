#include "domain_memory.h"

#include "domain_boot.h"
#include "guests/kernel/frames.h"
#include "layout.h"

void domain_memory_visit(void (*visit)(const EfiMemoryDescriptor& descriptor)) {
  const BootParameters& boot = *domain_boot_parameters;
  for (u64 at = 0; at < boot.memory_map_bytes; at += boot.descriptor_bytes)
    visit(*reinterpret_cast<const EfiMemoryDescriptor*>(KERNEL_BASE + boot.memory_map + at));
}

static void reserve(const EfiMemoryDescriptor& d) {
  if (d.type == efi_conventional_memory || d.type == efi_loader_code)
    return;  // the image is nobody's to give
  for (u64 n = 0; n < d.pages; n++) {
    Pfn pfn = model_guest_frame(d.first_byte / efi_page_bytes + n);
    if (pfn < frame_counts().limit) frames_mark(pfn, FrameState::Used);
  }
}

void domain_memory_reserve() { domain_memory_visit(reserve); }
