// Regions 6 and 7 show all of memory: there is nothing to build.
#include "model_flat.h"

#include "guests/kernel/contiguous.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/native/ram.h"
#include "guests/lib/console.h"
#include "image.h"

#include <xen/errno.h>

namespace {
Pfn image_end_pfn() {
  return ram_guest_frame(image_first_frame()) + (image_end_frame() - image_first_frame());
}

// Where the frame allocator's table can begin, and for how many frames there is room: half of a piece is left
// to others.
struct TablePlace {
  Pfn first;
  u64 most;
};

TablePlace place_in(const RamPiece& piece) {
  Pfn first = max_of(piece.pfn, image_end_pfn()), end = piece.pfn + piece.count;
  return {first, first < end ? (end - first) / 2 * (page_bytes / sizeof(FrameInfo)) : 0};
}

// Behind the image if there is room for all, else in the first piece that has it, or the largest.
TablePlace choose_place(u64 all) {
  TablePlace best = place_in(ram_of_image());
  for (const RamPiece& piece : ram_pieces()) {
    if (best.most >= all) break;
    TablePlace other = place_in(piece);
    if (other.most > best.most) best = other;
  }
  return best;
}

Pfn table_first;
}  // namespace

BootFrames flat_boot() {
  Pfn all = ram_limit();
  TablePlace place = choose_place(all);
  if (all > place.most)
    print_line("kernel: %lu MiB of memory are not used", (all - place.most) * page_bytes / MiB);
  table_first = place.first;
  BootFrames frames{};
  frames.limit = min_of<Pfn>(all, place.most);
  frames.given = min_of(ram_end(), frames.limit);
  frames.first_taken = 1;  // below lie gaps: reclaim knows which
  frames.end_taken = place.first;
  return frames;
}

void flat_reclaim(void (*give)(Pfn first, u64 count)) {
  ram_give_below_image(give);
  if (table_first > image_end_pfn()) give(image_end_pfn(), table_first - image_end_pfn());
}

ModelResult flat_refuse(const Pfn*, unsigned) { return {0, -XEN_ENOSYS}; }
ModelResult flat_accept_none(Pfn*, unsigned) { return {0, -XEN_ENOSYS}; }
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
void* flat_device_pages(unsigned count) { return contiguous_pages(count, nullptr); }
u64 flat_device_address(const void* va) { return reinterpret_cast<u64>(va) - KERNEL_BASE; }
