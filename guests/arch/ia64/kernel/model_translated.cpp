// Memory model `translated`: guest frames [0, limit) are this guest's memory, there or not; the P2M is the
// hypervisor's. Region 7 shows them by their numbers, and beyond them frames of other domains and those that
// devices may use.
#include "domain_memory.h"
#include "guests/kernel/contiguous.h"
#include "guests/kernel/granted.h"
#include "guests/kernel/machine_map.h"
#include "guests/kernel/translated_frames.h"
#include "guests/kernel/window.h"
#include "guests/lib/boot.h"
#include "guests/lib/errno.h"
#include "guests/lib/panic.h"
#include "image.h"
#include "model_flat.h"

#include <xen/errno.h>

namespace {
IdentityFrames identity;
u64 identity_used;
Pfn foreign_first;

u8* va_of(Pfn pfn) { return reinterpret_cast<u8*>(KERNEL_BASE + (pfn << page_shift)); }

BootFrames build() {
  BootFrames frames{};
  frames.given = boot_info->nr_pages;
  frames.limit = model_reservation_limit();
  frames.first_taken = image_first_frame();
  frames.end_taken = image_end_frame();
  frames.extra = identity.count;
  return frames;
}

BootFrames boot() {
  identity = translated_identity_frames();
  foreign_first = translated_foreign_first(identity);
  return build();
}

// Devices reach everything, so no frames are set aside for them.
BootFrames boot_with_pmt() {
  foreign_first = translated_foreign_near(model_reservation_limit());
  return build();
}

void reclaim(void (*)(Pfn first, u64 count)) { domain_memory_reserve(); }

Mfn machine(Pfn pfn) { return pfn; }
Pfn guest_frame(Mfn number) { return number; }

void* map_foreign(unsigned domain, const Mfn* list, unsigned count, bool, long& error) {
  s64 slot = window_take(count);
  error = -XEN_ENOSPC;
  if (slot < 0) return nullptr;
  error = translated_place(domain, foreign_first + static_cast<u64>(slot), list, count);
  if (!error) return va_of(foreign_first + static_cast<u64>(slot));
  window_give(static_cast<unsigned>(slot), count);
  return nullptr;
}

// What the hypervisor takes from the P2M is used by nobody any more: no flush is asked for.
void unmap_window(void* va, unsigned count) {
  Pfn first = (reinterpret_cast<u64>(va) - KERNEL_BASE) >> page_shift;
  if (first - foreign_first >= window_pages) return;  // a device's registers
  translated_unplace(first, count);
  window_give(static_cast<unsigned>(first - foreign_first), count);
}

// A domain may get its first device when it runs already.
void* device_pages(unsigned count) {
  if (!identity.count) identity = translated_identity_frames();
  if (identity.count - identity_used < count) return nullptr;
  identity_used += count;
  return va_of(identity.first + identity_used - count);
}
void* device_page() { return device_pages(1); }

// The frames for devices, whose numbers are their machine frames'.
const MachineMap* machine_map() {
  static MachineMap map;
  if (!identity.count) identity = translated_identity_frames();
  map.ranges[0] = {KERNEL_BASE + identity.first * page_bytes, identity.count * page_bytes, identity.first};
  map.count = 1;
  return &map;
}

// All that the table has.
const MachineMap* map_with_pmt() {
  static MachineMap map;
  if (map.count) return &map;
  const u64 gfns = foreign_first + window_pages;
  map.ranges[0] = {KERNEL_BASE, gfns * page_bytes, 0, &pmt_own(gfns)};
  map.count = 1;
  return &map;
}

void* pages_by_exchange(unsigned count) { return contiguous_pages(count, exchange_in_place); }

// --- grants: at guest frame numbers of the window's -----------------------------------------------------
void* take_places(unsigned count, u64* places) {
  const s64 slot = window_take(count);
  for (unsigned i = 0; slot >= 0 && i < count; i++)
    places[i] = (foreign_first + static_cast<u64>(slot) + i) << page_shift;
  return slot < 0 ? nullptr : va_of(foreign_first + static_cast<u64>(slot));
}

void give_places(void* va, unsigned count) {
  const Pfn first = (reinterpret_cast<u64>(va) - KERNEL_BASE) >> page_shift;
  window_give(static_cast<unsigned>(first - foreign_first), count);
}

void* shown_at(void* va, const u64*, bool, unsigned) { return va; }

const GrantOps grant_ops = {nullptr,
                            take_places,
                            give_places,
                            0,
                            shown_at,
                            translated_accept_as,
                            translated_adopt,
                            translated_adopt,
                            translated_surrender,
                            translated_surrender,
                            true,
                            true};
}  // namespace

extern const MemoryModel model_translated;
constexpr MemoryModel model_translated = {"translated",      boot,
                                          reclaim,           machine,
                                          guest_frame,       translated_release,
                                          translated_accept, map_foreign,
                                          flat_map_device,   unmap_window,
                                          device_page,       mapped_device_address,
                                          machine_map,       &grant_ops,
                                          device_pages,      translated_accept_extent};

extern const MemoryModel model_with_pmt;
constexpr MemoryModel model_with_pmt = {"translated with PMT",
                                        boot_with_pmt,
                                        reclaim,
                                        machine,
                                        guest_frame,
                                        translated_release,
                                        translated_accept,
                                        map_foreign,
                                        flat_map_device,
                                        unmap_window,
                                        pmt_device_page,
                                        mapped_device_address,
                                        map_with_pmt,
                                        &grant_ops,
                                        pages_by_exchange,
                                        translated_accept_extent,
                                        pmt_resumed};
