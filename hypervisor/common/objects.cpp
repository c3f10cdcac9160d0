// Small zeroed objects for the hypervisor's own use.
//
//   objects up to 1 KiB: pages cut into 4096/size slots, size a power of two >= 64; slot 0 is the header
//     +--------+--------+--------+---
//     | header | object | object | ...      pages with a free slot are linked by size
//     +--------+--------+--------+---
//   larger ones: whole frames, page-aligned; frame.shadow (unused while allocated) keeps order + 1
#include "hypervisor/common/heap.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/mm.h"
#include "hypervisor/common/print.h"

namespace hv {

namespace {
struct SlabPage {
  SlabPage* next;  // with a free slot
  u64 used;        // bit per slot
  u32 size;
  bool linked;
};
constexpr unsigned kSmallestShift = 6, kLargestShift = 10;
static_assert(sizeof(SlabPage) <= 1u << kSmallestShift);

Spinlock objects_lock;
SlabPage* partial[kLargestShift + 1];

unsigned shift_for(size_t bytes) {
  unsigned shift = kSmallestShift;
  while ((size_t{1} << shift) < bytes) shift++;
  return shift;
}
u64 full_mask(unsigned shift) {
  const unsigned slots = kPageSize >> shift;
  return slots == 64 ? ~0ull : (1ull << slots) - 1;
}

SlabPage* page_with_room(unsigned shift) {
  if (partial[shift] != nullptr) return partial[shift];
  const Mfn mfn = alloc_frame();
  if (mfn == kInvalidMfn) return nullptr;
  auto* page = static_cast<SlabPage*>(frame_to_virt(mfn));
  *page = {nullptr, 1, 1u << shift, true};
  partial[shift] = page;
  return page;
}

void* allocate_small(unsigned shift) {
  LockGuard guard(objects_lock);
  SlabPage* page = page_with_room(shift);
  if (page == nullptr) return nullptr;
  const unsigned slot = static_cast<unsigned>(__builtin_ctzll(~page->used));
  page->used |= 1ull << slot;
  if (page->used == full_mask(shift)) {
    partial[shift] = page->next;
    page->linked = false;
  }
  return reinterpret_cast<u8*>(page) + (size_t{slot} << shift);
}

void unlink_page(SlabPage* page, unsigned shift) {
  for (SlabPage** p = &partial[shift]; *p != nullptr; p = &(*p)->next)
    if (*p == page) {
      *p = page->next;
      return;
    }
}

void release_small(void* object) {
  auto* page = reinterpret_cast<SlabPage*>(reinterpret_cast<u64>(object) & ~(kPageSize - 1));
  const unsigned shift = shift_for(page->size);
  const u64 bit = 1ull << ((reinterpret_cast<u64>(object) & (kPageSize - 1)) >> shift);
  LockGuard guard(objects_lock);
  HV_ASSERT(page->used & bit);
  page->used &= ~bit;
  if (!page->linked) {
    page->next = partial[shift];
    partial[shift] = page;
    page->linked = true;
  }
  if (page->used == 1) {
    unlink_page(page, shift);
    free_frame(virt_to_frame(page));
  }
}

void* allocate_frames(size_t bytes) {
  unsigned order = 0;
  while ((kPageSize << order) < bytes) order++;
  const Mfn mfn = alloc_frames(order);
  if (mfn == kInvalidMfn) return nullptr;
  frame_set_shadow(mfn, (frame_shadow(mfn) & ~0xffu) | (order + 1));
  return frame_to_virt(mfn);
}
}  // namespace

void* allocate(size_t bytes) {
  if (bytes > size_t{1} << kLargestShift)
    return bytes > kPageSize << kMaxHeapOrder ? nullptr : allocate_frames(bytes);
  const unsigned shift = shift_for(bytes);
  void* object = allocate_small(shift);
  if (object != nullptr) memset(object, 0, size_t{1} << shift);
  return object;
}

void release(void* object) {
  if (object == nullptr) return;
  if ((reinterpret_cast<u64>(object) & (kPageSize - 1)) != 0) return release_small(object);
  const Mfn mfn = virt_to_frame(object);
  free_frames(mfn, (frame_shadow(mfn) & 0xff) - 1);
}

}  // namespace hv
