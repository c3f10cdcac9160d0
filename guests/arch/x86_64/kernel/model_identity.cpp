// Memory model `identity`: page tables hold machine frames and are plain memory, as on the bare machine. The
// builder's list says which frames there are; they keep its numbers, in pieces.
#include "grant_place.h"
#include "guests/kernel/contiguous.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/identity_frames.h"
#include "guests/kernel/machine_map.h"
#include "guests/kernel/native/ram.h"
#include "guests/lib/boot.h"
#include "guests/lib/panic.h"
#include "plain_tables.h"

extern "C" char image_start[], image_end[];

namespace {
BootFrames frames;

const u64* builders_list() { return reinterpret_cast<const u64*>(boot_info->mfn_list); }

void number_own() {
  const u64* list = builders_list();
  for (Pfn first = 0, end = 1; first < boot_info->nr_pages; first = end, end++) {
    while (end < boot_info->nr_pages && list[end] == list[end - 1] + 1) end++;
    ram_add_numbered(first, list[first], end - first);
  }
}

BootFrames boot() {
  number_own();
  identity_number_rest_of_machine();
  frames.given = boot_info->nr_pages;
  frames.limit = min_of<Pfn>(ram_limit(), (window_base - direct_map_base) / page_bytes);
  frames.first_taken = boot_va_frame(image_start);
  frames.end_taken = plan_direct_map(plain_tables_place(), frames.limit).end;
  if (frames.end_taken >= frames.given)
    panic("%lu frames are too few for this kernel's tables", frames.given);
  plain_tables_build(plain_tables_place(), {nullptr, ram_machine}, frames.limit, false);
  return frames;
}

// The list stays: by it the builder's page tables are found (boot_tables.h).
void reclaim(void (*give)(Pfn first, u64 count)) { plain_tables_reclaim(frames.first_taken, give); }

void* device_page() {
  const Pfn frame = frames_alloc();
  return frame == invalid_frame ? nullptr : frame_va(frame);
}

void* device_pages(unsigned count) { return contiguous_pages(count, nullptr); }

constexpr GrantOps grant_ops = identity_grant_ops(grant_place);
}  // namespace

extern const MemoryModel model_identity;
constexpr MemoryModel model_identity = {"identity",        boot,
                                        reclaim,           ram_machine,
                                        ram_guest_frame,   identity_release,
                                        identity_accept,   identity_map_foreign,
                                        plain_map_device,  identity_unmap_window,
                                        device_page,       mapped_device_address,
                                        plain_machine_map, &grant_ops,
                                        device_pages};
