#include "hypervisor/common/heap.h"

#include "hypervisor/common/frame_table.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/lock.h"
#include "hypervisor/common/mm.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/tlb_epoch.h"

namespace hv {

namespace {
Spinlock heap_lock;
FrameList free_lists[kMaxRamRegions][kMaxHeapOrder + 1];
u64 free_count;

constexpr u32 kDirty = 1u << 7;
constexpr u32 kHeadMask = kDirty - 1;
constexpr u32 head_mark(unsigned order) { return order + 1; }
u32 stamp_of(Mfn mfn) { return frame_shadow(mfn) >> 8; }
bool is_free_head(Mfn mfn, unsigned order) {
  return frame_owner(mfn) == XS_OWNER_FREE && (frame_shadow(mfn) & kHeadMask) == head_mark(order);
}

unsigned region_index(Mfn mfn) {
  unsigned i = 0;
  while (mfn - ram_region(i).first >= ram_region(i).count) i++;
  return i;
}

void link_block(unsigned region, Mfn head, unsigned order) {
  frame_set_shadow(head, (frame_shadow(head) & ~kHeadMask) | head_mark(order));
  frame_list_push(free_lists[region][order], head);
}

void unlink_block(unsigned region, Mfn head, unsigned order) {
  frame_list_remove(free_lists[region][order], head);
  frame_set_shadow(head, frame_shadow(head) & ~kHeadMask);
}

// Joins the block with its free buddies, then links the result.
void insert_block(Mfn head, unsigned order) {
  const unsigned region = region_index(head);
  const RamRegion& r = ram_region(region);
  while (order < kMaxHeapOrder) {
    const Mfn buddy = head ^ (1ull << order);
    if (buddy < r.first || buddy + (1ull << order) > r.first + r.count || !is_free_head(buddy, order)) break;
    unlink_block(region, buddy, order);
    head &= ~(1ull << order);
    order++;
  }
  link_block(region, head, order);
}

bool below(Mfn head, unsigned order, unsigned address_bits) {
  return address_bits >= 52 || ((head + (1ull << order) - 1) >> (address_bits - kPageShift)) == 0;
}

// The head of a linked block of at least `order` whose first 2^order frames lie below the limit.
Mfn find_block(unsigned region, unsigned order, unsigned address_bits, unsigned& found_order) {
  for (found_order = order; found_order <= kMaxHeapOrder; found_order++) {
    Mfn head = frame_list_first(free_lists[region][found_order]);
    while (head != kInvalidMfn && !below(head, order, address_bits)) head = frame_list_next(head);
    if (head != kInvalidMfn) return head;
  }
  return kInvalidMfn;
}

// Takes the first 2^order frames of some free block.
Mfn take_block(unsigned order, unsigned address_bits) {
  for (unsigned region = ram_region_count(); region-- > 0;) {
    unsigned found;
    const Mfn head = find_block(region, order, address_bits, found);
    if (head == kInvalidMfn) continue;
    unlink_block(region, head, found);
    while (found > order) {
      found--;
      link_block(region, head + (1ull << found), found);
    }
    return head;
  }
  return kInvalidMfn;
}

// Takes these frames out of the block that they are in.
bool take_block_at(Mfn first, unsigned order) {
  const unsigned region = region_index(first);
  for (unsigned found = order; found <= kMaxHeapOrder; found++) {
    const Mfn head = first & ~((1ull << found) - 1);
    if (!frame_is_ram(head) || !is_free_head(head, found)) continue;
    unlink_block(region, head, found);
    while (found > order) {
      found--;
      const Mfn half = first & ~((1ull << found) - 1);
      link_block(region, half ^ (1ull << found), found);
    }
    return true;
  }
  return false;
}

void set_owner(Mfn first, unsigned order, u32 owner) {
  for (u64 i = 0; i < 1ull << order; i++) frame_set_owner(first + i, owner);
}

// One flush serves the whole block: it begins a new epoch.
void flush_stale(Mfn first, unsigned order) {
  const u32 now = tlb_epoch();
  if (planted(Bug::flush_missed)) return;
  for (u64 i = 0; i < 1ull << order; i++)
    if (stamp_of(first + i) == now) return tlb_flush_since(now);
}

void clean(Mfn mfn, bool always) {
  const bool dirty = frame_shadow(mfn) & kDirty;
  if (dirty) frame_set_shadow(mfn, frame_shadow(mfn) & ~kDirty);
  if (dirty || always) memset(frame_to_virt(mfn), 0, kPageSize);
}
}  // namespace

void heap_add(Mfn first, u64 count) {
  LockGuard guard(heap_lock);
  while (count != 0) {
    unsigned order = 0;
    while (order < kMaxHeapOrder && (first & ((2ull << order) - 1)) == 0 && (2ull << order) <= count) order++;
    set_owner(first, order, XS_OWNER_FREE);
    insert_block(first, order);
    free_count += 1ull << order;
    first += 1ull << order;
    count -= 1ull << order;
  }
}

namespace {

// Nobody else sees the block now; it has no new owner before the old one's translations are gone.
void hand_out(Mfn head, unsigned order, u32 owner) {
  flush_stale(head, order);
  for (u64 i = 0; i < 1ull << order; i++) clean(head + i, owner == XS_OWNER_XEN);
  LockGuard guard(heap_lock);
  set_owner(head, order, owner);
  free_count -= 1ull << order;
}

}  // namespace

Mfn heap_alloc(unsigned order, u32 owner, unsigned address_bits) {
  if (order > kMaxHeapOrder || address_bits <= kPageShift) return kInvalidMfn;
  Mfn head;
  {
    LockGuard guard(heap_lock);
    head = take_block(order, address_bits);
  }
  if (head != kInvalidMfn) hand_out(head, order, owner);
  return head;
}

bool heap_alloc_at(Mfn first, unsigned order, u32 owner) {
  if (!frame_is_ram(first) || (first & ((1ull << order) - 1)) != 0) return false;
  {
    LockGuard guard(heap_lock);
    if (!take_block_at(first, order)) return false;
  }
  hand_out(first, order, owner);
  return true;
}

void heap_give(Mfn first, unsigned order, u32 owner) {
  LockGuard guard(heap_lock);
  set_owner(first, order, owner);
}

void heap_free(Mfn first, unsigned order) {
  const u32 shadow = tlb_epoch() << 8 | kDirty;
  LockGuard guard(heap_lock);
  for (u64 i = 0; i < 1ull << order; i++) frame_set_shadow(first + i, shadow);
  if (!planted(Bug::owner_kept)) set_owner(first, order, XS_OWNER_FREE);
  insert_block(first, order);
  free_count += 1ull << order;
}

u64 heap_free_frames() { return __atomic_load_n(&free_count, __ATOMIC_RELAXED); }

u64 heap_free_frames_between(unsigned min_bits, unsigned max_bits) {
  const Mfn lowest = min_bits <= kPageShift ? 0
                     : min_bits >= 64       ? kInvalidMfn
                                            : 1ull << (min_bits - kPageShift);
  LockGuard guard(heap_lock);
  u64 sum = 0;
  for (unsigned region = 0; region < ram_region_count(); region++)
    for (unsigned order = 0; order <= kMaxHeapOrder; order++)
      for (Mfn head = frame_list_first(free_lists[region][order]); head != kInvalidMfn;
           head = frame_list_next(head))
        if (head >= lowest && (max_bits == 0 || (max_bits > kPageShift && below(head, order, max_bits))))
          sum += 1ull << order;
  return sum;
}

u64 heap_free_blocks(unsigned order) {
  LockGuard guard(heap_lock);
  u64 sum = 0;
  for (unsigned region = 0; region < ram_region_count(); region++) sum += free_lists[region][order].count;
  return sum;
}

u64 heap_count_lists() {
  LockGuard guard(heap_lock);
  u64 sum = 0;
  for (unsigned region = 0; region < ram_region_count(); region++)
    for (unsigned order = 0; order <= kMaxHeapOrder; order++) sum += free_lists[region][order].count << order;
  return sum;
}

}  // namespace hv
