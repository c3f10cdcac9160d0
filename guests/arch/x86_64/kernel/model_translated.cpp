// Memory model `translated`: page tables hold guest frames and are plain memory; the P2M is the hypervisor's,
// and no machine address is known here, but for some frames that devices may use
// (XENMEM_reserved_device_memory_map).
//
//   guest frames   [0, limit)                   this guest's memory; the direct map maps all of it, there or
//   not
//                  [identity, + count)          frames whose number is their machine frame number: for
//                  devices [foreign_first, + window)    where frames of other domains are placed, one for
//                  each window page device registers             at their machine frame numbers
#include "guests/kernel/memory_model.h"

#include "grant_place.h"
#include "guests/kernel/contiguous.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/granted.h"
#include "guests/kernel/machine_map.h"
#include "guests/kernel/operator/boot_word.h"
#include "guests/kernel/translated_frames.h"
#include "guests/lib/boot.h"
#include "guests/lib/panic.h"
#include "guests/lib/string.h"
#include "plain_tables.h"

extern "C" char image_start[], image_end[];

namespace {
BootFrames frames;
Pfn foreign_first;
IdentityFrames identity;
u64 identity_used;
unsigned identity_slot;  // first page of the window that shows them

void show_identity_frames() {
  s64 slot = window_take(static_cast<unsigned>(identity.count));
  if (slot < 0) panic("no addresses for the frames of devices");
  identity_slot = static_cast<unsigned>(slot);
  for (unsigned i = 0; i < identity.count; i++) window_show(identity_slot + i, identity.first + i, true);
}

Mfn machine(Pfn pfn) { return pfn; }
Pfn guest_frame(Mfn number) { return number; }

// `large_pages=no` on the command line: to see what they are good for.
bool large_pages_wanted() {
  char word[8];
  return !boot_word(reinterpret_cast<const char*>(boot_info->cmd_line), "large_pages", word, sizeof word) ||
         strcmp(word, "no") != 0;
}

BootFrames build() {
  frames.given = boot_info->nr_pages;
  frames.limit = model_reservation_limit();
  frames.extra = identity.count;
  frames.first_taken = boot_va_frame(image_start);
  frames.end_taken = plan_direct_map(plain_tables_place(), frames.limit, large_pages_wanted()).end;
  if (frames.end_taken >= frames.given)
    panic("%lu frames are too few for this kernel's tables", frames.given);
  plain_tables_build(plain_tables_place(), {nullptr, machine}, frames.limit, large_pages_wanted());
  if (identity.count) show_identity_frames();
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

void reclaim(void (*give)(Pfn first, u64 count)) { plain_tables_reclaim(frames.first_taken, give); }

void unmap_window(void* va, unsigned count) {
  unsigned slot = window_slot(va);
  for (unsigned i = 0; i < count; i++) window_hide(slot + i);
  translated_unplace(foreign_first + slot, count);
  window_give(slot, count);
}

void* map_foreign(unsigned domain, const Mfn* list, unsigned count, bool writable, long& error) {
  s64 taken = window_take(count);
  error = -XEN_ENOSPC;
  if (taken < 0) return nullptr;
  auto slot = static_cast<unsigned>(taken);
  error = translated_place(domain, foreign_first + slot, list, count);
  if (error) {
    window_give(slot, count);
    return nullptr;
  }
  for (unsigned i = 0; i < count; i++) window_show(slot + i, foreign_first + slot + i, writable);
  return window_va(slot);
}

// A domain may get its first device when it runs already.
void find_identity_frames() {
  if (!identity.count && (identity = translated_identity_frames()).count) show_identity_frames();
}

void* device_pages(unsigned count) {
  find_identity_frames();
  if (identity.count - identity_used < count) return nullptr;
  identity_used += count;
  return window_va(identity_slot + static_cast<unsigned>(identity_used - count));
}
void* device_page() { return device_pages(1); }

// The frames for devices, whose numbers are their machine frames'.
const MachineMap* machine_map() {
  static MachineMap map;
  find_identity_frames();
  map.ranges[0] = {reinterpret_cast<u64>(window_va(identity_slot)), identity.count * page_bytes,
                   identity.first};
  map.count = 1;
  return &map;
}

// All that the table has: memory, and what is in the window's places.
const MachineMap* map_with_pmt() {
  static MachineMap map;
  if (map.count) return &map;
  const PmtTable& table = pmt_own(foreign_first + window_pages);
  map.ranges[0] = {window_base, u64{window_pages} * page_bytes, foreign_first, &table};
  map.ranges[1] = {direct_map_base, frames.limit * page_bytes, 0, &table};
  map.count = 2;
  return &map;
}

void* pages_by_exchange(unsigned count) { return contiguous_pages(count, exchange_in_place); }

// --- grants: at guest frame numbers of the window's -----------------------------------------------------
void* take_places(unsigned count, u64* places) {
  const s64 slot = window_take(count);
  for (unsigned i = 0; slot >= 0 && i < count; i++)
    places[i] = (foreign_first + static_cast<unsigned>(slot) + i) * page_bytes;
  return slot < 0 ? nullptr : window_va(static_cast<unsigned>(slot));
}

void give_places(void* va, unsigned count) {
  for (unsigned i = 0; i < count; i++) window_hide(window_slot(va) + i);
  window_give(window_slot(va), count);
}

void* shown_at(void* va, const u64* places, bool writable, unsigned count) {
  for (unsigned i = 0; i < count; i++) window_show(window_slot(va) + i, places[i] / page_bytes, writable);
  return va;
}

const GrantOps grant_ops = {grant_place,
                            take_places,
                            give_places,
                            0,
                            shown_at,
                            translated_accept_as,
                            translated_adopt,
                            translated_adopt,
                            translated_surrender,
                            translated_surrender,
                            false,
                            true};
}  // namespace

extern const MemoryModel model_translated;
constexpr MemoryModel model_translated = {"translated",      boot,
                                          reclaim,           machine,
                                          guest_frame,       translated_release,
                                          translated_accept, map_foreign,
                                          plain_map_device,  unmap_window,
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
                                        plain_map_device,
                                        unmap_window,
                                        pmt_device_page,
                                        mapped_device_address,
                                        map_with_pmt,
                                        &grant_ops,
                                        pages_by_exchange,
                                        translated_accept_extent,
                                        pmt_resumed};
