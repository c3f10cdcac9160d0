// Free frames, in buddies.
//
//   free[region][order] -> head of a block of 2^order frames, aligned to its size
//   frame.shadow:  flush stamp << 8 | dirty << 7 | (head of a free block: order + 1, else 0)
//
// A free frame has owner XS_OWNER_FREE, counts and type 0 and M2P INVALID. A freed frame is dirty: it is
// cleared when it is given out again, after the flush that its stamp asks for, since until then a stale
// translation might still write to it. Allocation is deterministic: highest RAM region first (domains live in
// the memory that boot does not need), smallest sufficient order, most recently freed block.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

constexpr unsigned kMaxHeapOrder = 18;  // 1 GiB of 4 KiB frames
constexpr unsigned kAnyAddressBits = 64;

/// Boot: hands RAM frames to the allocator.
void heap_add(Mfn first, u64 count);

/// 2^order frames, aligned, all below 2^address_bits, now owned by `owner`, with no stale translation on any
/// CPU and nothing of an earlier owner in them (for XS_OWNER_XEN: zeroed); kInvalidMfn when there is no such
/// block.
Mfn heap_alloc(unsigned order, u32 owner, unsigned address_bits = kAnyAddressBits);
/// The same, these frames; false when one of them is not free.
bool heap_alloc_at(Mfn first, unsigned order, u32 owner);
/// A block that is the hypervisor's, and empty, gets another owner.
void heap_give(Mfn first, unsigned order, u32 owner);
/// Counts and type must be 0 and M2P INVALID.
void heap_free(Mfn first, unsigned order);

u64 heap_free_frames();

/// Free frames in blocks that begin at or above 2^min_bits (0: anywhere) and end below 2^max_bits (0:
/// anywhere).
u64 heap_free_frames_between(unsigned min_bits, unsigned max_bits);
/// Sum over the lists, for the debug key; equals heap_free_frames() unless the lists are broken.
u64 heap_count_lists();
/// Free blocks of 2^order frames: how far free memory has fallen into pieces.
u64 heap_free_blocks(unsigned order);

}  // namespace hv
