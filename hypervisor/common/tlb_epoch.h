// When a flush of every CPU's TLB is needed before a frame changes hands.
//
//   epoch:      7          8          9            a flush of all CPUs begins a new epoch
//          -----|----------|----------|------->
//   stamp of a frame: the epoch in which its last mapping went away. A CPU may hold a stale translation
//   of it only while stamp == epoch. Epochs are 24 bits; a stamp that matches by wrap costs one needless
//   flush and nothing else.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

constexpr u32 kEpochMask = 0xffffff;

/// The stamp for a frame whose last mapping has just gone.
u32 tlb_epoch();
/// Returns when no CPU holds a translation that was stale at `stamp`. Callers may hold mm_lock, not the
/// heap's.
void tlb_flush_since(u32 stamp);
/// Flushes every CPU and begins a new epoch.
void tlb_flush_everywhere();

}  // namespace hv
