// A bit for each GFN of a domain, in frames of the hypervisor's that are made where a bit is set.
//
//   gfn bits   41..33   32..24   23..15   14..0
//   root ----> frame -> frame -> frame -> frame of 32768 bits: a group
//
// Under mm_lock.
#pragma once
#include "hypervisor/common/types.h"

namespace hv {

struct DirtyBits {
  static constexpr unsigned kGroupShift = kPageShift + 3;
  static constexpr u64 kGroup = 1ull << kGroupShift;  ///< GFNs whose bits share a frame
  Mfn root = kInvalidMfn;
  u64 frames = 0;
  u64 frame_limit = 0;  ///< a guest that scatters its GFNs must not use up the machine's memory
};

enum class DirtySet { was_set, is_new, no_memory };
DirtySet dirty_set(DirtyBits& bits, Gfn gfn);
bool dirty_test(const DirtyBits& bits, Gfn gfn);
/// The first group at or behind the one of `gfn` in which a bit may be set: where it begins; behind all when
/// there is none.
Gfn dirty_next_group(const DirtyBits& bits, Gfn gfn);
/// Copies the bits of [first, first + count), of one group that begins at `first`, to a frame of the
/// hypervisor's, and clears them if asked to. Returns how many are set.
u64 dirty_copy(const DirtyBits& bits, Gfn first, u64 count, bool clear, u64* copy);
/// Sets again what was copied and cleared.
void dirty_put_back(const DirtyBits& bits, Gfn first, const u64* copy);
void dirty_free(DirtyBits& bits);

}  // namespace hv
