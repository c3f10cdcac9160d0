#include "hypervisor/common/frame_table.h"

#include <stddef.h>

#include "arch_frame_window.h"
#include "hypervisor/common/iommu.h"
#include "hypervisor/common/taps.h"

namespace hv {

static_assert(sizeof(xs_frame) == 32 && offsetof(xs_frame, owner) == 16 && offsetof(xs_frame, link) == 24);

namespace {

RamRegion regions[kMaxRamRegions];
unsigned region_count;
u64 ram_frames;

const RamRegion* region_of(Mfn mfn) {
  for (unsigned i = 0; i < region_count; i++) {
    const RamRegion& r = regions[i];
    if (mfn >= r.first && mfn - r.first < r.count) return &r;
  }
  return nullptr;
}

constexpr u64 link(u32 next, u32 previous) { return static_cast<u64>(next) << 32 | previous; }
void set_link(u32 index, u32 next, u32 previous) {
  xs_table_store64(&frame_at(frame_of_index(index))->link, link(next, previous));
}
u64 link_of(u32 index) { return frame_at(frame_of_index(index))->link; }
constexpr u32 next_of(u64 l) { return static_cast<u32>(l >> 32); }
constexpr u32 previous_of(u64 l) { return static_cast<u32>(l); }
}  // namespace

xs_frame* frame_at(Mfn mfn) { return arch_frame_table() + mfn; }

bool frame_table_add_region(Mfn first, u64 count) {
  // The last index stays free: it is kNoIndex.
  if (count == 0) return true;
  if (region_count == kMaxRamRegions || ram_frames + count >= kNoIndex) return false;
  if (region_count != 0) {
    RamRegion& last = regions[region_count - 1];
    if (first < last.first + last.count) return false;
    if (first == last.first + last.count) {
      last.count += count;
      ram_frames += count;
      return true;
    }
  }
  regions[region_count++] = {first, count, static_cast<u32>(ram_frames)};
  ram_frames += count;
  return true;
}

void frame_table_publish(Mfn first, u64 count, u32 owner) {
  for (Mfn mfn = first; mfn < first + count; mfn++) frame_set_owner(mfn, owner);
}

unsigned ram_region_count() { return region_count; }
const RamRegion& ram_region(unsigned i) { return regions[i]; }
u64 total_ram_frames() { return ram_frames; }

Mfn max_ram_mfn() {
  if (region_count == 0) return 0;
  const RamRegion& last = regions[region_count - 1];
  return last.first + last.count - 1;
}

bool frame_is_ram(Mfn mfn) { return region_of(mfn) != nullptr; }

u32 frame_index(Mfn mfn) {
  const RamRegion* r = region_of(mfn);
  return r ? r->first_index + static_cast<u32>(mfn - r->first) : kNoIndex;
}

Mfn frame_of_index(u32 index) {
  for (unsigned i = 0; i < region_count; i++) {
    const RamRegion& r = regions[i];
    if (index - r.first_index < r.count) return r.first + (index - r.first_index);
  }
  return kInvalidMfn;
}

u32 frame_owner(Mfn mfn) { return frame_at(mfn)->owner; }

// Frames that come from or go to a domain do so under mm_lock; the hypervisor's own are no device's.
[[gnu::noinline]] static void set_owner_of_devices_memory(Mfn mfn, u32 owner) {
  if (owner < XS_OWNER_XEN || frame_owner(mfn) < XS_OWNER_XEN) iommu_owner_changes(mfn, owner);
  xs_table_store32(&frame_at(mfn)->owner, owner);
}

// Each frame of the machine comes by several times at boot: a machine without an IOMMU pays a test.
void frame_set_owner(Mfn mfn, u32 owner) {
  if (iommu_in_use()) return set_owner_of_devices_memory(mfn, owner);
  xs_table_store32(&frame_at(mfn)->owner, owner);
}
u64 frame_count_info(Mfn mfn) { return frame_at(mfn)->count_info; }
void frame_set_count_info(Mfn mfn, u64 value) { xs_table_store64(&frame_at(mfn)->count_info, value); }
u64 frame_type_info(Mfn mfn) { return frame_at(mfn)->type_info; }
void frame_set_type_info(Mfn mfn, u64 value) { xs_table_store64(&frame_at(mfn)->type_info, value); }
u32 frame_shadow(Mfn mfn) { return frame_at(mfn)->shadow; }
void frame_set_shadow(Mfn mfn, u32 value) { xs_table_store32(&frame_at(mfn)->shadow, value); }

void frame_list_push(FrameList& list, Mfn mfn) {
  const u32 index = frame_index(mfn);
  set_link(index, list.head, kNoIndex);
  if (list.head != kNoIndex) set_link(list.head, next_of(link_of(list.head)), index);
  list.head = index;
  list.count++;
}

void frame_list_remove(FrameList& list, Mfn mfn) {
  const u32 index = frame_index(mfn);
  const u64 l = link_of(index);
  const u32 next = next_of(l), previous = previous_of(l);
  if (previous == kNoIndex)
    list.head = next;
  else
    set_link(previous, next, previous_of(link_of(previous)));
  if (next != kNoIndex) set_link(next, next_of(link_of(next)), previous);
  set_link(index, kNoIndex, kNoIndex);
  list.count--;
}

Mfn frame_list_first(const FrameList& list) {
  return list.head == kNoIndex ? kInvalidMfn : frame_of_index(list.head);
}

Mfn frame_list_next(Mfn mfn) {
  const u32 next = next_of(link_of(frame_index(mfn)));
  return next == kNoIndex ? kInvalidMfn : frame_of_index(next);
}

}  // namespace hv
