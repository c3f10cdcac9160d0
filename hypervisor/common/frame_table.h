// Who owns each machine frame, what it is used as, and how often.
//
//            frame_table (virtual, sparse: unbacked where there is no RAM)
//   MFN 0    +--------------------------------------------------+  struct xs_frame (abi/observe.h)
//            | count_info  ALLOCATED | general references       |  owner's own reference counts as one
//            | type_info   type PINNED VALIDATED | type refs    |  type changes only at type count 0
//            | owner       domain id or XS_OWNER_*              |
//            | shadow      flush epoch | heap order              |
//            | link        next index << 32 | previous index     |  free list, or the owner's frame list
//   MFN n    +--------------------------------------------------+
//
// Lists link frames by *index*: frames of the RAM regions numbered densely from 0 in address order, so that
// two links fit 64 bits although an MFN may need more than 32. Every store is made by a tap routine.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

constexpr u32 kNoIndex = ~0u;
constexpr unsigned kMaxRamRegions = 32;

/// Frames of one RAM region of the boot memory map.
struct RamRegion {
  Mfn first;
  u64 count;
  u32 first_index;
};

/// Entries of the table, by MFN. Callers have checked frame_is_ram(); reading elsewhere faults.
struct xs_frame* frame_at(Mfn mfn);

/// Boot: declares a region, ascending and disjoint. False when the table of regions is full.
bool frame_table_add_region(Mfn first, u64 count);
/// Boot, once the entries of all regions are backed: publishes every frame as owned by `owner`.
void frame_table_publish(Mfn first, u64 count, u32 owner);

unsigned ram_region_count();
const RamRegion& ram_region(unsigned i);
u64 total_ram_frames();
Mfn max_ram_mfn();
bool frame_is_ram(Mfn mfn);
u32 frame_index(Mfn mfn);  // kNoIndex when not RAM
Mfn frame_of_index(u32 index);

// Field access. Readers may race with writers on other CPUs unless they hold mm_lock.
u32 frame_owner(Mfn mfn);
void frame_set_owner(Mfn mfn, u32 owner);
u64 frame_count_info(Mfn mfn);
void frame_set_count_info(Mfn mfn, u64 value);
u64 frame_type_info(Mfn mfn);
void frame_set_type_info(Mfn mfn, u64 value);
u32 frame_shadow(Mfn mfn);
void frame_set_shadow(Mfn mfn, u32 value);

inline xs_frame_type type_of(u64 type_info) {
  return static_cast<xs_frame_type>((type_info & XS_TYPE_MASK) >> XS_TYPE_SHIFT);
}
inline u64 type_bits(xs_frame_type type) { return static_cast<u64>(type) << XS_TYPE_SHIFT; }

/// Doubly linked lists of frames through the link word.
struct FrameList {
  u32 head = kNoIndex;
  u64 count = 0;
};
void frame_list_push(FrameList& list, Mfn mfn);
void frame_list_remove(FrameList& list, Mfn mfn);
Mfn frame_list_first(const FrameList& list);  // kInvalidMfn when empty
Mfn frame_list_next(Mfn mfn);                 // kInvalidMfn at the end

}  // namespace hv
