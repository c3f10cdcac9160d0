// Regions 6 and 7 show all of memory: there is nothing to build.
#include "model_flat.h"

#include "guests/kernel/frames.h"
#include "guests/kernel/native/ram.h"
#include "guests/lib/console.h"
#include "image.h"

#include <xen/errno.h>

namespace {
Pfn image_end_pfn() {
  return ram_guest_frame(image_first_frame()) + (image_end_frame() - image_first_frame());
}

// The frame allocator's table lies behind the image: that limits how much can be used.
Pfn usable_frames() {
  const RamPiece& low = ram_of_image();
  Pfn all = ram_end(), most = (low.pfn + low.count - image_end_pfn()) / 2 * (page_bytes / sizeof(FrameInfo));
  if (all > most) print_line("kernel: %lu MiB of memory are not used", (all - most) * page_bytes / MiB);
  return min_of(all, most);
}
}  // namespace

BootFrames flat_boot() {
  BootFrames frames{};
  frames.given = frames.limit = usable_frames();
  frames.first_taken = 1;  // below lie gaps: reclaim knows which
  frames.end_taken = image_end_pfn();
  return frames;
}

ModelResult flat_refuse(const Pfn*, unsigned) { return {0, -XEN_ENOSYS}; }
void* flat_no_foreign(unsigned, const Mfn*, unsigned, bool, long& error) {
  error = -XEN_ENOSYS;
  return nullptr;
}

void* flat_map_device(u64 machine_address, u64, long& error) {
  error = 0;
  return reinterpret_cast<void*>(DEVICE_BASE + machine_address);
}
void flat_unmap(void*, unsigned) {}

void* flat_device_page() {
  Pfn frame = frames_alloc();
  return frame == invalid_frame ? nullptr : frame_va(frame);
}
u64 flat_device_address(const void* va) { return reinterpret_cast<u64>(va) - KERNEL_BASE; }
