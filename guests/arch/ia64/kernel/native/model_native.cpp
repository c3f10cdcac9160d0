// Memory on the bare machine: this kernel owns all of it, nobody takes or gives any. Regions 6 and 7 show all
// of it, so there is nothing to build.
#include "../image.h"
#include "firmware.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/memory_model.h"
#include "guests/kernel/native/ram.h"
#include "guests/lib/console.h"
#include "guests/lib/errno.h"

#include <xen/errno.h>

namespace {
// The frame allocator's table lies behind the image: that limits how much can be used.
Pfn usable_frames() {
  const RamPiece& low = ram_of_image();
  Pfn all = ram_end(),
      most = (low.pfn + low.count - image_end_frame()) / 2 * (page_bytes / sizeof(FrameInfo));
  if (all > most) print_line("kernel: %lu MiB of memory are not used", (all - most) * page_bytes / MiB);
  return min_of(all, most);
}

BootFrames boot() {
  BootFrames frames{};
  frames.given = frames.limit = usable_frames();
  frames.first_taken = 1;  // below lie gaps: reclaim knows which
  frames.end_taken = image_end_frame();
  return frames;
}

ModelResult nobody_there(const Pfn*, unsigned) { return {0, -XEN_ENOSYS}; }
void* no_foreign_frames(unsigned, const Mfn*, unsigned, bool, long& error) {
  error = -XEN_ENOSYS;
  return nullptr;
}

void* map_device(u64 machine_address, u64, long& error) {
  error = 0;
  return reinterpret_cast<void*>(DEVICE_BASE + machine_address);
}
void unmap_window(void*, unsigned) {}

void* device_page() {
  Pfn frame = frames_alloc();
  return frame == invalid_frame ? nullptr : frame_va(frame);
}
u64 device_address(const void* va) { return reinterpret_cast<u64>(va) - KERNEL_BASE; }
}  // namespace

extern const MemoryModel model_native;
constexpr MemoryModel model_native = {"native",        boot,         ram_give_below_image, ram_machine,
                                      ram_guest_frame, nobody_there, nobody_there,         no_foreign_frames,
                                      map_device,      unmap_window, device_page,          device_address};
