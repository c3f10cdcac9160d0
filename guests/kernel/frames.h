// The frame allocator.
//
//   frame_info[Pfn] = { state, size class of the heap page, length of the run that begins here }
//
//   Absent     given back to the hypervisor, or never had (the balloon)
//   Free ──frame_alloc──> Used ──frame_free──> Free
//   Promised   absent, and somebody's who waits for a frame there: the balloon leaves it alone
#pragma once
#include "guests/kernel/memory_model.h"

enum class FrameState : u8 { Absent, Free, Used, Promised };

struct FrameInfo {
  FrameState state;
  u8 heap_class;  // 0: not a heap page
  u16 run;        // frames in the allocation that begins here
};

void frames_init(const BootFrames& boot);
// Hands [first, first + count) to the allocator.
void frames_give(Pfn first, u64 count);

// Contents undefined, the first frame a multiple of `alignment`. invalid_frame when there is no such run.
Pfn frames_alloc(unsigned count = 1, unsigned alignment = 1);
void frames_free(Pfn first);
FrameInfo& frame_info(Pfn pfn);

// For the balloon: picks up to `max` free frames and makes them Used; picks absent frames (no state change).
unsigned frames_take_free(Pfn* list, unsigned max);
unsigned frames_find_absent(Pfn* list, unsigned max);
// The first of `count` frames that are all absent, a multiple of that; invalid_frame when there is none.
Pfn frames_find_absent_block(unsigned count);
void frames_mark(Pfn pfn, FrameState state);

struct FrameCounts {
  u64 owned, free, limit;  // owned: with `extra`
  u64 extra;               // frames that this allocator does not see (BootFrames)
  u64 promised;
};
FrameCounts frame_counts();
